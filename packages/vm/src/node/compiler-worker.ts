/** Runs in a worker: compiles units from the guest's memory, which it shares. */
import { parentPort, workerData } from "node:worker_threads";
import { compileBatch } from "../jit/compile-batch.ts";
import type { CompileRequest } from "../jit/request.ts";
import type { MemoryDescription } from "../processor/core-module.ts";

/** What the worker is started with. */
export type CompilerWorkerData = { readonly memory: WebAssembly.Memory; readonly description: MemoryDescription };

const { memory, description } = workerData as CompilerWorkerData;

parentPort?.on("message", (requests: readonly CompileRequest[]) => {
  parentPort?.postMessage(compileBatch(memory, description, requests));
});
