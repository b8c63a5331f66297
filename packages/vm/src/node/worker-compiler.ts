import { Worker } from "node:worker_threads";
import type { CompiledBatch, UnitCompiler } from "../jit/request.ts";
import type { CompilerWorkerData } from "./compiler-worker.ts";

/** Compiles units in a worker, beside the machine. @param data the machine's memory, which must be shared, and how it is described */
export function createWorkerCompiler(data: CompilerWorkerData): UnitCompiler {
  const worker = new Worker(new URL("./compiler-worker.ts", import.meta.url), { workerData: data });
  worker.unref();
  const waiting: ((batch: CompiledBatch | undefined) => void)[] = [];
  worker.on("message", (batch: CompiledBatch | undefined) => waiting.shift()?.(batch));
  // A worker that fails compiles nothing any more: the machine goes on with what it has.
  worker.on("error", () => {
    for (const resolve of waiting.splice(0)) resolve(undefined);
  });
  return {
    compile: async (requests) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(requests);
      }),
    close: () => void worker.terminate(),
  };
}
