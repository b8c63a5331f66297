import { availableParallelism } from "node:os";

/** Threads that Node gives V8 for compiling and collecting garbage, whatever the host. */
const NODE_DEFAULT = 4;

/**
 * Node's option for as many of V8's threads as leave a processor to the machine itself, at most as many as Node has anyway. With more,
 * those that compile take the processor from what they compile for. Only a process that starts takes it.
 * https://nodejs.org/api/cli.html#--v8-pool-sizenum
 */
export const V8_POOL_OPTION: string = `--v8-pool-size=${Math.max(1, Math.min(NODE_DEFAULT, availableParallelism() - 1))}`;
