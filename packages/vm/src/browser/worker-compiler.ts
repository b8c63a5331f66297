import type { CompilerMessage } from "../jit/compile-batch.ts";
import type { CompiledBatch, UnitCompiler } from "../jit/request.ts";
import type { WorkerHandle } from "./worker-port.ts";

type Answer = CompiledBatch | WebAssembly.Module | undefined;

/**
 * Compiles units in a web worker, beside the machine.
 * @param worker runs `compiler-worker.ts` @param memory the machine's, shared
 */
export function createWorkerCompiler(worker: WorkerHandle, memory: WebAssembly.Memory): UnitCompiler {
  const waiting: ((answer: Answer) => void)[] = [];
  let hasFailed = false;
  worker.addEventListener("message", ({ data }) => waiting.shift()?.(data as Answer));
  // A worker that fails compiles nothing any more: the machine goes on with what it has.
  worker.addEventListener("error", () => {
    hasFailed = true;
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  worker.postMessage(memory, []);
  const ask = async <Kind extends Answer>(message: CompilerMessage): Promise<Kind | undefined> => {
    if (hasFailed) return undefined;
    worker.postMessage(message, []);
    return new Promise((resolve) => void waiting.push((answer) => resolve(answer as Kind | undefined)));
  };
  return {
    compile: (requests) => ask<CompiledBatch>({ requests }),
    load: (module) => ask<WebAssembly.Module>({ module }),
    close: () => worker.terminate(),
  };
}
