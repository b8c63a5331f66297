import { dirname, join } from "node:path";
import type { ImageStore } from "./images/index.ts";
import { openImageStore } from "./images/index.ts";
import { createMachineManager, type DriverTable } from "./manager/index.ts";
import type { MachineManager } from "./manager/port.ts";
import { type MachinePlaces, machinePlaces } from "./places.ts";

type Environment = Readonly<Record<string, string>>;

/** The images of this user. */
export function openImages(env: Environment): ImageStore {
  const { images, cache } = machinePlaces(env);
  return openImageStore({ folder: images, cache, env });
}

/**
 * The machines of this user, with every driver. Each driver is loaded when it is first asked for.
 * @param onWarning told of what a person should know, a sentence at a time.
 */
export function openMachines(env: Environment, onWarning?: (sentence: string) => void): MachineManager {
  const places = machinePlaces(env);
  const { cache } = places;
  return createMachineManager({
    env,
    places,
    drivers: driverTable({ env, places, cache, guest: onceOnly(() => ownGuestProgram(cache)) }),
    images: openImages(env),
    ...(onWarning === undefined ? {} : { onWarning }),
  });
}

/** What every driver is made of. */
type DriverParts = {
  readonly env: Environment;
  readonly places: MachinePlaces;
  readonly cache: string;
  /** Path of the guest agent's program for this host. */
  readonly guest: () => Promise<string>;
};

function driverTable(parts: DriverParts): DriverTable {
  return {
    host: async () => (await import("./host/index.ts")).createHostDriver(parts),
    sandbox: async () => (await import("./sandbox/index.ts")).createSandboxDriver({ ...parts, programs: ownFolders() }),
    container: async () => (await import("./container/index.ts")).createContainerDriver(parts),
    qemu: async () => (await import("./qemu/index.ts")).createQemuDriver(parts),
    libvirt: async () => (await import("./libvirt/index.ts")).createLibvirtDriver(parts),
    embedded: async () => (await import("./embedded/index.ts")).createEmbeddedDriver(parts),
    lima: async () => (await import("./lima/index.ts")).createLimaDriver(parts),
    ssh: async () => (await import("./ssh/index.ts")).createSshDriver(parts),
  };
}

/** What the builtin agent and Node itself are read from: sandboxes see them. */
function ownFolders(): readonly string[] {
  const here = import.meta.dirname;
  const isSource = here.endsWith(join("engine", "src", "machines"));
  const root = join(here, "../../../..");
  const code = isSource ? [join(root, "packages"), join(root, "node_modules")] : [here];
  return [dirname(process.execPath), ...code];
}

/** Asks once: to find the program, its sources are read. */
function onceOnly<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  return () => (answer ??= ask());
}

async function ownGuestProgram(cache: string): Promise<string> {
  const { guestProgram } = await import("./guest/program.ts");
  const platform = process.platform === "darwin" ? "darwin" : "linux";
  return guestProgram({ architecture: process.arch, platform, cache });
}
