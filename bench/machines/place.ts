/** A Cloister of its own to make machines in: what was compiled before is shared, and all else goes when all is measured. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MachineLimits } from "@cloister/core";
import {
  type MachineManager,
  machinePlaces,
  openImages,
  openMachines,
  type OpenMachine,
  readManifest,
  runInGuest,
} from "@cloister/engine/machines";

/** Images as the engine has them. */
type Images = ReturnType<typeof openImages>;

/** Where the scenario works. */
export type Place = AsyncDisposable & {
  /** For files of the scenario's own. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly manager: MachineManager;
  readonly images: Images;
};

/** The image that machines are made of: a kernel, BusyBox and the guest agent. */
export const IMAGE = "tiny";

const SMALL: MachineLimits = { memoryMib: 256, cpus: 1, diskMib: 64, processes: 256 };

/** Opens a place without machines and images. Disposing removes every machine that was made in it. */
export function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "cloister-bench-"));
  const own = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
  const env = { ...own, CLOISTER_STATE_HOME: join(folder, "state"), CLOISTER_CACHE_HOME: machinePlaces(own).cache };
  const manager = openMachines(env);
  const close = async (): Promise<void> => {
    for (const { id } of await manager.list()) await manager.remove(id);
    manager[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  return { folder, env, manager, images: openImages(env), [Symbol.asyncDispose]: close };
}

/** Builds the image of all machines, whether or not it is there. */
export function buildImage({ images }: Place): ReturnType<Images["build"]> {
  return images.build(readManifest(IMAGE), { onProgress: () => undefined, force: true });
}

/** What to ask the manager for: a small machine with no way out. */
export function smallMachine(
  driver: "sandbox" | "container" | "qemu",
  name: string,
  memoryMib: number = SMALL.memoryMib,
): Parameters<MachineManager["create"]>[0] {
  const policy = { limits: { ...SMALL, memoryMib }, egress: [], secrets: [], mounts: [], copyCredentials: false };
  return { driver, name, policy, ...(driver === "sandbox" ? {} : { image: IMAGE }) };
}

/** Has a machine run the least program that there is. */
export async function runTrue({ guest, env }: OpenMachine): Promise<void> {
  await runInGuest(guest, { argv: ["true"], env });
}

/** Has the shell of a machine run a script, as the agent's own user. @returns what it printed */
export async function runShell({ guest, env }: OpenMachine, script: string): Promise<string> {
  const { stdout } = await runInGuest(guest, { argv: ["/bin/sh", "-c", script], env });
  return stdout.trim();
}
