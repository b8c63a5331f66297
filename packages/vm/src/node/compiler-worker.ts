/** Runs in a worker: compiles units from the guest's memory, which it shares. */
import { parentPort, workerData } from "node:worker_threads";
import { answerCompilerMessage, type CompilerMessage } from "../jit/compile-batch.ts";

/** What the worker is started with: the machine's memory, which is shared. */
export type CompilerWorkerData = { readonly memory: WebAssembly.Memory };

const { memory } = workerData as CompilerWorkerData;

parentPort?.on("message", (message: CompilerMessage) => {
  // oxlint-disable-next-line require-post-message-target-origin -- Node's workers have none
  parentPort?.postMessage(answerCompilerMessage(memory, message));
});
