/** The disk limit of containers: held by the engine's storage where that has quotas. */
import { type EngineContext, runEngine } from "./engine.ts";

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
