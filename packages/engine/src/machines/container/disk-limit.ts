/** The disk limit of containers: held by the engine's storage where that has quotas, watched elsewhere. */
import type { GuestTransport } from "../guest/port.ts";
import { stoppedByLimits, watchLimits } from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { type EngineContext, runEngine } from "./engine.ts";
import { containerName } from "./names.ts";
import { writtenKib } from "./snapshots.ts";

/** `overlay {"Backing Filesystem":"xfs",…}` of podman, `overlay2 [["Backing Filesystem","xfs"],…]` of docker. */
const STORAGE = {
  podman: "{{.Store.GraphDriverName}} {{json .Store.GraphStatus}}",
  docker: "{{.Driver}} {{json .DriverStatus}}",
};
const HAS_QUOTAS = /^(?:btrfs|zfs) |^overlay2? .*"Backing Filesystem"\W+xfs"/;
const IS_REFUSAL = /storage[- ]opt|quota/i;

/**
 * Makes a container, with a quota where its engine can hold one.
 * @param create makes it with further options
 * @returns whether the engine holds the limit
 */
export async function createWithQuota(
  context: EngineContext,
  diskMib: number,
  create: (options: readonly string[]) => Promise<unknown>,
): Promise<boolean> {
  const { stdout } = await runEngine(context, ["info", "--format", STORAGE[context.engine.program]]);
  if (HAS_QUOTAS.test(stdout)) {
    try {
      await create(["--storage-opt", `size=${Math.ceil(diskMib)}m`]);
      return true;
    } catch (error: unknown) {
      // A file system that could have quotas may be mounted without them.
      if (!IS_REFUSAL.test(String(error))) throw error;
    }
  }
  await create([]);
  return false;
}

/**
 * Watches what a container writes for as long as a connection to it lasts. One that writes more than its limit is killed, and the
 * connection ends with CloisterError `machine_failed` whose cause is a `LimitBreach`.
 */
export function watchDisk(context: EngineContext, machine: MachineSpec, transport: GuestTransport): GuestTransport {
  const { stream } = transport;
  const watch = watchLimits({
    folder: machine.folder,
    diskMib: machine.limits.diskMib,
    sizeKib: () => sizeOf(context, machine.id),
    onBreach: (breach) => {
      stream.destroy(stoppedByLimits(breach));
      // Whoever asks for the machine next is told what became of it.
      runEngine(context, ["kill", containerName(machine.id)]).catch(() => undefined);
    },
  });
  stream.once("close", () => watch[Symbol.dispose]());
  return transport;
}

async function sizeOf(context: EngineContext, id: string): Promise<number | undefined> {
  try {
    return await writtenKib(context, id);
  } catch {
    return undefined; // It is going: then nothing writes.
  }
}
