import type { CodeCache } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { encodeCoreModule } from "./core-module.ts";

/** The core module for shared memory, in base64. A build has it worked out beforehand, for each start. */
declare const CLOISTER_RISCV_CORE: string | undefined;

declare function atob(text: string): string;

const encoded: Map<boolean, Uint8Array<ArrayBuffer>> = new Map();
const compiled: Map<boolean, WebAssembly.Module> = new Map();

/** The core module of RISC-V, encoded once. @param shared whether memory is shared */
export function riscvCoreBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const known = encoded.get(shared);
  if (known) return known;
  const isBuilt = shared && typeof CLOISTER_RISCV_CORE !== "undefined";
  const bytes = isBuilt ? fromBase64(CLOISTER_RISCV_CORE) : encodeCoreModule(shared, INSTRUCTIONS);
  encoded.set(shared, bytes);
  return bytes;
}

/**
 * The core module of RISC-V: one for all machines of a process.
 * @param shared whether memory is shared
 * @param cache has what an earlier run left of it, perhaps, and gets it for later ones @param native as for `CachedUnits`
 */
export function riscvCore(shared: boolean, cache: CodeCache, native: NativeCode | undefined): WebAssembly.Module {
  const kept = shared ? cache.core : undefined;
  const module =
    compiled.get(shared) ??
    (kept?.stored && native?.load(kept.stored, [])) ??
    new WebAssembly.Module(riscvCoreBytes(shared));
  compiled.set(shared, module);
  if (kept) kept.module = module;
  else if (shared) cache.keepModule({ units: [], module });
  return module;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index);
  return bytes;
}
