import { createHmac, timingSafeEqual } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { NativeCode } from "../cache/native-code.ts";
import { HELPER } from "../ir/helpers.ts";
import { encodeUnits } from "../jit/compile-batch.ts";
import { ANY_MEMORY } from "../processor/core-module.ts";
import { compileEagerly } from "./compile-eagerly.ts";
import { openNativeKey } from "./native-key.ts";

/** Bytes of a seal, which stand before the code: HMAC-SHA256. */
const SEAL_BYTES = 32;

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
  compileEagerly(); // V8 wants the flags to be those of when the code was saved.
  return {
    save(module, bodies) {
      const code = withIntrinsics((intrinsics) => serialize(module, intrinsics));
      return code && Uint8Array.from(Buffer.concat([seal(key, code, bodies), code]));
    },
    load(sealed, bodies) {
      const code = new Uint8Array(sealed.subarray(SEAL_BYTES)); // A copy: V8 wants a buffer of its own.
      if (sealed.length < SEAL_BYTES || !timingSafeEqual(seal(key, code, bodies), sealed.subarray(0, SEAL_BYTES)))
        return undefined;
      return withIntrinsics(({ deserialize }) => deserialize(code.buffer, encodeUnits(bodies, true)));
    },
  };
}

function seal(key: Uint8Array, code: Uint8Array, bodies: readonly Uint8Array[]): Buffer {
  const sealed = createHmac("sha256", key);
  // Their lengths: what is said of one split into bodies is not said of another.
  sealed.update(Uint32Array.from([bodies.length, ...bodies.map(({ length }) => length)]));
  for (const body of bodies) sealed.update(body);
  return sealed.update(code).digest();
}

type Intrinsics = {
  /** Ends the process where none of the module's functions was optimized yet. */
  readonly serialize: (module: WebAssembly.Module) => ArrayBuffer;
  readonly isOptimized: (exported: unknown) => boolean;
  readonly deserialize: (code: ArrayBuffer, bytes: Uint8Array) => WebAssembly.Module | undefined;
};

const SOURCE = `({
  serialize: (module) => %SerializeWasmModule(module),
  isOptimized: (exported) => %IsTurboFanFunction(exported),
  deserialize: (code, bytes) => %DeserializeWasmModule(code, bytes),
})`;

let known: Intrinsics | undefined;

/** @returns undefined also where this Node doesn't have them */
function withIntrinsics<Result>(act: (intrinsics: Intrinsics) => Result): Result | undefined {
  // V8 compiles a function when it is called, and may forget what it compiled: calls are made while the flag is set, too.
  setFlagsFromString("--allow-natives-syntax");
  try {
    known ??= new Script(SOURCE).runInThisContext() as Intrinsics;
    return act(known);
  } catch {
    return undefined;
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
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
