import { Worker } from "node:worker_threads";
import type { CompilerMessage } from "../jit/compile-batch.ts";
import type { CompiledBatch, UnitCompiler } from "../jit/request.ts";
import { compileEagerly } from "./compiler-flags.ts";
import type { CompilerWorkerData } from "./compiler-worker.ts";

/**
 * Compiles units in a worker, beside the machine; it is started when there is something to compile: a machine that goes on from a snapshot
 * may have answered before.
 * @param memory the machine's, which must be shared
 */
export function createWorkerCompiler(memory: WebAssembly.Memory): UnitCompiler {
  const waiting: ((answer: Answer) => void)[] = [];
  let worker: Worker | undefined;
  const ask = (message: CompilerMessage, given: ArrayBuffer[] = []): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      worker ??= startWorker({ memory }, waiting);
      worker.postMessage(message, given);
    });
  return {
    compile: (requests) => ask({ requests }) as Promise<CompiledBatch | undefined>,
    load: (module) => ask({ module }, [module.buffer]) as Promise<WebAssembly.Module | undefined>,
    close: () => void worker?.terminate(),
  };
}

/** @param waiting for answers, in the order in which they were asked */
function startWorker(workerData: CompilerWorkerData, waiting: ((answer: Answer) => void)[]): Worker {
  // The package that is published is bundled: there it is JavaScript, beside this.
  const file = import.meta.url.endsWith(".ts") ? "./compiler-worker.ts" : "./compiler-worker.js";
  compileEagerly(); // Here, as flags are of the whole process: from the worker, it could come while this thread has others set.
  const worker = new Worker(new URL(file, import.meta.url), { workerData });
  worker.unref();
  worker.on("message", (answer: Answer) => waiting.shift()?.(answer));
  // A worker that fails compiles nothing any more: the machine goes on with what it has.
  worker.on("error", () => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  return worker;
}

type Answer = CompiledBatch | WebAssembly.Module | undefined;
