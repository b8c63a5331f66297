import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { encodeCoreModule } from "./core-module.ts";

const encoded: Map<boolean, Uint8Array<ArrayBuffer>> = new Map();
const compiled: Map<boolean, WebAssembly.Module> = new Map();

/** The core module of RISC-V, encoded once. @param shared whether memory is shared */
export function riscvCoreBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const known = encoded.get(shared);
  if (known) return known;
  const bytes = encodeCoreModule(shared, INSTRUCTIONS);
  encoded.set(shared, bytes);
  return bytes;
}

/** The core module of RISC-V: one for all machines of a process. @param shared whether memory is shared */
export function riscvCore(shared: boolean): WebAssembly.Module {
  const known = compiled.get(shared);
  if (known) return known;
  const module = new WebAssembly.Module(riscvCoreBytes(shared));
  compiled.set(shared, module);
  return module;
}
