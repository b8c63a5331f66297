import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { DEFAULT_MACHINE_POLICY, type DriverName } from "@cloister/core";
import type { ImageStore } from "../../images/port.ts";
import { machinePlaces, makeSocketFolder, type MachinePlaces } from "../../places.ts";
import { createMachineManager, type ManagerOptions } from "../index.ts";
import { isOwnId, newMachineId } from "../names.ts";
import type { CreateRequest, MachineManager } from "../port.ts";
import { createSleepDriver, endProcesses, sleepers } from "./sleep-driver.ts";

/** A store without images: machines of these tests need none. */
export const NO_IMAGES: ImageStore = {
  list: () => [],
  find: () => undefined,
  build: () => Promise.reject(new Error("no images are built here")),
  importDisk: () => Promise.reject(new Error("no disks are imported here")),
  check: () => Promise.resolve([]),
  prune: () => Promise.resolve([]),
};

/** A machine small enough for a busy host. */
export const SMALL: CreateRequest = {
  driver: "container",
  policy: { ...DEFAULT_MACHINE_POLICY, limits: { memoryMib: 64, cpus: 1, diskMib: 64, processes: 16 } },
};

/** Places of machines in a folder of their own. What is left of them goes with the test. */
export function temporaryPlaces(context: TestContext): MachinePlaces {
  const home = mkdtempSync(join(tmpdir(), "cloister-machines-test-"));
  const places = machinePlaces({ CLOISTER_STATE_HOME: home });
  context.after(async () => {
    for (const { id } of sleepers()) if (isOwnId(id, places)) await endProcesses(id);
    for (const folder of socketFolders(places)) rmSync(folder, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
  });
  return places;
}

/** Opens a manager at `places`; with the sleeping driver unless others are given. */
export function managerAt(places: MachinePlaces, options: Partial<ManagerOptions> = {}): MachineManager {
  const driver = createSleepDriver();
  return createMachineManager({
    env: { PATH: process.env["PATH"] ?? "" },
    places,
    images: NO_IMAGES,
    drivers: { container: () => Promise.resolve(driver) },
    ...options,
  });
}

/** What is on the host of machines made at `places`: ids of folders, socket folders and processes, sorted. */
export function leftAt(places: MachinePlaces): {
  readonly folders: string[];
  readonly sockets: string[];
  readonly processes: string[];
} {
  const own = (ids: readonly string[]): string[] => [...new Set(ids.filter((id) => isOwnId(id, places)))].sort();
  return {
    folders: own(readdirSync(places.machines)),
    sockets: own(socketFolders(places).map((folder) => folder.slice(folder.lastIndexOf("/") + 1))),
    processes: own(sleepers().map(({ id }) => id)),
  };
}

/** A driver under another name, for tests of what it says of itself. */
export function renamed(
  driver: ReturnType<typeof createSleepDriver>,
  name: DriverName,
): ReturnType<typeof createSleepDriver> {
  return { ...driver, name };
}

function socketFolders(places: MachinePlaces): string[] {
  const probe = makeSocketFolder(newMachineId(places));
  rmSync(probe, { recursive: true });
  const base = dirname(probe);
  return readdirSync(base)
    .filter((name) => isOwnId(name, places))
    .map((name) => join(base, name));
}
