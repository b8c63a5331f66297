import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { NativeCode } from "../cache/native-code.ts";
import { HELPER } from "../ir/helpers.ts";
import { encodeUnits } from "../jit/compile-batch.ts";
import { ANY_MEMORY } from "../processor/core-module.ts";
import { riscvCoreBytes } from "../processor/riscv-core.ts";
import { compileEagerly, compileLazily } from "./compiler-flags.ts";
import { openNativeKey } from "./native-key.ts";
import { seal, unseal } from "./seal.ts";

/**
 * Keeps what V8 compiled. V8 has this for browsers, which keep the compiled code of pages' modules, and Node has no door to it but V8's
 * intrinsic functions. V8 refuses what another version of it wrote, or for another processor, or with other flags; that nobody else wrote
 * it, and that it is of these bodies, is known by a seal.
 * @param keyFile of the key that it is sealed with, made where there is none
 * @returns undefined where there can be no key: then nothing is kept
 */
export async function openNativeCode(keyFile: string): Promise<NativeCode | undefined> {
  const key = await openNativeKey(keyFile);
  return key && createNativeCode(key);
}

/** As `openNativeCode`. @param key 32 bytes that only this user knows */
export function createNativeCode(key: Uint8Array): NativeCode {
  return {
    save(module, bodies) {
      const code = withIntrinsics((intrinsics) => serialize(module, intrinsics));
      return code && seal(key, code, bytesOf(bodies));
    },
    load(sealed, bodies) {
      const bytes = bytesOf(bodies);
      const code = unseal(key, sealed, bytes);
      return code && withIntrinsics(({ deserialize }) => deserialize(code.buffer, bytes));
    },
    optimize(functions, milliseconds) {
      const end = performance.now() + milliseconds;
      withIntrinsics(({ isOptimized, optimize }) => {
        for (const each of functions) {
          if (performance.now() >= end) return;
          if (!isOptimized(each)) optimize(each);
        }
      });
    },
  };
}

function bytesOf(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return bodies.length > 0 ? encodeUnits(bodies, true) : riscvCoreBytes(true);
}

type Intrinsics = {
  /** Ends the process where none of the module's functions was optimized yet. */
  readonly serialize: (module: WebAssembly.Module) => ArrayBuffer;
  readonly isOptimized: (exported: unknown) => boolean;
  /** Returns when it is optimized. */
  readonly optimize: (exported: unknown) => void;
  readonly deserialize: (code: ArrayBuffer, bytes: Uint8Array) => WebAssembly.Module | undefined;
};

const SOURCE = `({
  serialize: (module) => %SerializeWasmModule(module),
  isOptimized: (exported) => %IsTurboFanFunction(exported),
  optimize: (exported) => %WasmTierUpFunction(exported),
  deserialize: (code, bytes) => %DeserializeWasmModule(code, bytes),
})`;

let known: Intrinsics | undefined;

/** @returns undefined also where this Node doesn't have them */
function withIntrinsics<Result>(act: (intrinsics: Intrinsics) => Result): Result | undefined {
  // V8 compiles a function when it is called, and may forget what it compiled: calls are made while the flag is set, too.
  setFlagsFromString("--allow-natives-syntax");
  // Else it would compile all that it has no machine code of before it gives a module back. It wants the flags of when the code was saved.
  compileLazily();
  try {
    known ??= new Script(SOURCE).runInThisContext() as Intrinsics;
    return act(known);
  } catch {
    return undefined;
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
    compileEagerly();
  }
}

/** What modules of units import, for those that are only looked at. */
const NOTHING: Readonly<Record<string, WebAssembly.ImportValue>> = {
  memory: new WebAssembly.Memory({ initial: ANY_MEMORY.pages, maximum: ANY_MEMORY.maximum, shared: true }),
  table: new WebAssembly.Table({ element: "anyfunc", initial: 1 }),
  ...Object.fromEntries(Object.keys(HELPER).map((name) => [name, () => 0])),
};

function serialize(module: WebAssembly.Module, intrinsics: Intrinsics): Uint8Array | undefined {
  const { exports } = new WebAssembly.Instance(module, { host: NOTHING });
  const isWorthIt = Object.values(exports).some((unit) => intrinsics.isOptimized(unit));
  return isWorthIt ? new Uint8Array(intrinsics.serialize(module)) : undefined;
}
