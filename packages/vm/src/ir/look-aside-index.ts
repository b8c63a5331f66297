import { TLB } from "../memory/layout.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP } from "../wasm/opcodes.ts";

/** From an address to its page, and from there to the offset of its entry. */
const SHIFT = Math.log2(PAGE_BYTES) - Math.log2(TLB.entryBytes);

/** Pushes the offset of an address's entry (in a local) from the beginning of a look-aside buffer. */
export function pushLookAsideIndex(writer: FunctionWriter, address: number): void {
  writer.get(address);
  writer.op(OP.i32WrapI64);
  writer.i32(SHIFT);
  writer.op(OP.i32ShrU);
  writer.i32((TLB.entries - 1) * TLB.entryBytes);
  writer.op(OP.i32And);
}
