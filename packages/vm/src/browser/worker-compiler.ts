import type { CompiledBatch, UnitCompiler } from "../jit/request.ts";
import type { CompilerMemory } from "../machine/host.ts";
import type { WorkerHandle } from "./worker-port.ts";

/**
 * Compiles units in a web worker, beside the machine.
 * @param worker runs `compiler-worker.ts` @param memory the machine's, shared
 */
export function createWorkerCompiler(worker: WorkerHandle, memory: CompilerMemory): UnitCompiler {
  const waiting: ((batch: CompiledBatch | undefined) => void)[] = [];
  let hasFailed = false;
  worker.addEventListener("message", ({ data }) => waiting.shift()?.(data as CompiledBatch | undefined));
  // A worker that fails compiles nothing any more: the machine goes on with what it has.
  worker.addEventListener("error", () => {
    hasFailed = true;
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  worker.postMessage(memory, []);
  return {
    compile: (requests) =>
      new Promise((resolve) => {
        if (hasFailed) return resolve(undefined);
        waiting.push(resolve);
        worker.postMessage(requests, []);
      }),
    close: () => worker.terminate(),
  };
}
