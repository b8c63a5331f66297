/** Runs in a web worker: compiles units from the guest's memory, which it shares. The first message is that memory. */
import { answerCompilerMessage, type CompilerMessage } from "../jit/compile-batch.ts";
import type { CompilerMemory } from "../machine/host.ts";
import { ownPort } from "./worker-port.ts";

const port = ownPort();
let compiled: CompilerMemory | undefined;

port.addEventListener("message", ({ data }) => {
  if (compiled === undefined) compiled = data as CompilerMemory;
  else port.postMessage(answerCompilerMessage(compiled.memory, compiled.description, data as CompilerMessage), []);
});
