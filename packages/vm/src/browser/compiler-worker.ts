/** Runs in a web worker: compiles units from the guest's memory, which it shares. The first message is that memory. */
import { answerCompilerMessage, type CompilerMessage } from "../jit/compile-batch.ts";
import { ownPort } from "./worker-port.ts";

const port = ownPort();
let memory: WebAssembly.Memory | undefined;

port.addEventListener("message", ({ data }) => {
  if (memory === undefined) memory = data as WebAssembly.Memory;
  else port.postMessage(answerCompilerMessage(memory, data as CompilerMessage), []);
});
