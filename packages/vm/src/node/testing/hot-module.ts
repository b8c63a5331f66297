import { setTimeout } from "node:timers/promises";
import type { NativeCode } from "../../cache/native-code.ts";
import { HELPER } from "../../ir/helpers.ts";
import { encodeUnits } from "../../jit/compile-batch.ts";
import { ANY_MEMORY } from "../../processor/core-module.ts";

/** Body of a unit that counts its first parameter down to 0 and gives 7. */
export const COUNTING_BODY: Uint8Array = Uint8Array.from([
  0, 0x03, 0x40, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0, 0x50, 0x45, 0x0d, 0, 0x0b, 0x42, 7, 0x0b,
]);
/** Body of a unit that nobody calls. */
export const IDLE_BODY: Uint8Array = Uint8Array.of(0, 0x42, 1, 0x0b);

export const BODIES: readonly Uint8Array[] = [COUNTING_BODY, IDLE_BODY];

/** The module of units. V8 has modules of the same bytes share their code. */
export function moduleOf(bodies: readonly Uint8Array[]): WebAssembly.Module {
  return new WebAssembly.Module(encodeUnits(bodies, true));
}

/** The functions of a module of units, of an instance of its own. */
export function functionsOf(module: WebAssembly.Module): readonly unknown[] {
  const memory = new WebAssembly.Memory({ initial: ANY_MEMORY.pages, maximum: ANY_MEMORY.pages, shared: true });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const helpers = Object.fromEntries(Object.keys(HELPER).map((name) => [name, () => 0]));
  return Object.values(new WebAssembly.Instance(module, { host: { memory, table, ...helpers } }).exports);
}

/** Calls the unit that counts. */
export function countDown(module: WebAssembly.Module, from: bigint): unknown {
  const [count] = functionsOf(module);
  return (count as (from: bigint, depth: number, unit: number) => bigint)(from, 0, 0);
}

/** Has V8 optimize the module of `BODIES`, which takes V8's threads a moment, and takes it down. */
export async function saveHot(native: NativeCode): Promise<Uint8Array<ArrayBuffer>> {
  const module = moduleOf(BODIES);
  for (let tries = 0; tries < 1000; tries++) {
    countDown(module, 1_000_000n);
    const code = native.save(module, BODIES);
    if (code) return code;
    await setTimeout(1); // V8's threads want the processor, too.
  }
  throw new Error("V8 did not optimize a loop that ran a thousand million times.");
}
