import { createHmac } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import type { NativeCode, NativeModule } from "../cache/native-code.ts";
import { HELPER } from "../ir/helpers.ts";
import { ANY_MEMORY, encodeUnits } from "../jit/compile-batch.ts";
import { openNativeKey } from "./native-key.ts";
import { compileEagerly } from "./compile-eagerly.ts";

/**
 * Keeps what V8 compiled. V8 has this for browsers, which keep the compiled code of pages' modules, and Node has no door to it: V8's own
 * tests use these two functions. V8 refuses what another version of it wrote, or for another processor, or with other flags.
 * @param key that only this user knows
 */
export async function openNativeCode(keyFile: string): Promise<NativeCode | undefined> {
  const key = await openNativeKey(keyFile);
  if (key === undefined) return undefined;
  compileEagerly(); // V8 wants the flags to be those of when the code was saved.
  return {
    save: (modules) => withIntrinsics((intrinsics) => modules.map((module) => save(module, intrinsics))) ?? [],
    load: (modules) => withIntrinsics(({ deserialize }) => modules.map((module) => load(module, deserialize))) ?? [],
    seal: (bytes) => createHmac("sha256", key).update(bytes).digest(),
  };
}

/** What a module imports, to look at its functions. */
const NOTHING: Readonly<Record<string, WebAssembly.ImportValue>> = {
  memory: new WebAssembly.Memory({ initial: ANY_MEMORY.pages, maximum: ANY_MEMORY.maximum, shared: true }),
  table: new WebAssembly.Table({ element: "anyfunc", initial: 1 }),
  ...Object.fromEntries(Object.keys(HELPER).map((name) => [name, () => 0])),
};

type Intrinsics = {
  /** Ends the process where none of the module's functions was optimized yet. */
  readonly serialize: (module: WebAssembly.Module) => ArrayBuffer;
  readonly isOptimized: (exported: unknown) => boolean;
  readonly deserialize: (code: ArrayBuffer, wire: Uint8Array) => WebAssembly.Module | undefined;
};

const SOURCE = `({
  serialize: (module) => %SerializeWasmModule(module),
  isOptimized: (exported) => %IsTurboFanFunction(exported),
  deserialize: (code, wire) => %DeserializeWasmModule(code, wire),
})`;

/** @returns undefined where this Node doesn't have them */
function withIntrinsics<Result>(act: (intrinsics: Intrinsics) => Result): Result | undefined {
  setFlagsFromString("--allow-natives-syntax");
  try {
    return act(new Script(SOURCE).runInThisContext() as Intrinsics);
  } catch (error) {
    console.error(error);
    return undefined;
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
  }
}

function save(module: WebAssembly.Module, { serialize, isOptimized }: Intrinsics): Uint8Array<ArrayBuffer> | undefined {
  const { exports } = new WebAssembly.Instance(module, { host: NOTHING });
  return Object.values(exports).some(isOptimized) ? new Uint8Array(serialize(module)) : undefined;
}

function load({ code, bodies }: NativeModule, deserialize: Intrinsics["deserialize"]): WebAssembly.Module | undefined {
  return deserialize(code.slice().buffer, encodeUnits(bodies, true)) ?? undefined;
}
