/** Runs in a worker: compiles units from the guest's memory, which it shares. */
import { parentPort, workerData } from "node:worker_threads";
import { answerCompilerMessage, type CompilerMessage } from "../jit/compile-batch.ts";
import type { MemoryDescription } from "../processor/core-module.ts";
import { compileEagerly } from "./compile-eagerly.ts";

/** What the worker is started with. */
export type CompilerWorkerData = { readonly memory: WebAssembly.Memory; readonly description: MemoryDescription };

const { memory, description } = workerData as CompilerWorkerData;

compileEagerly();

parentPort?.on("message", (message: CompilerMessage) => {
  // oxlint-disable-next-line require-post-message-target-origin -- Node's workers have none
  parentPort?.postMessage(answerCompilerMessage(memory, description, message));
});
