import { HELPER } from "../ir/helpers.ts";
import { DECODED, DECODED_MEMO } from "../memory/layout.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { PAGE_RECORDS_BYTES, RECORD } from "./records.ts";

/** Parameters. */
const [RECORD_AT, PAGE_AT] = [0, 1] as const;

/**
 * `(record, first record of its page) -> record to run`, 0 after a trap: writes what the same bits were decoded to lately into the record, else
 * has the slow side decode it, as HELPER.decode. A function of its own: another branch in the interpreter's cost its handlers a quarter of their speed.
 */
export function generateDecode(): Uint8Array {
  const writer = new FunctionWriter(2);
  const locals = { record: RECORD_AT, page: PAGE_AT, entry: writer.local(TYPE.i32), bits: writer.local(TYPE.i32) };
  const unknown = writer.open(OP.block);
  writeRecall(writer, locals, unknown);
  writer.get(RECORD_AT);
  writer.op(OP.return);
  writer.close();
  writer.get(RECORD_AT);
  writer.call(HELPER.decode);
  return writer.finish();
}

type Locals = { readonly record: number; readonly page: number; readonly entry: number; readonly bits: number };

function writeRecall(writer: FunctionWriter, { record, page, entry, bits }: Locals, unknown: number): void {
  writer.get(page);
  writer.memory(OP.i32Load, DECODED.guestPage);
  writer.tee(entry);
  writer.op(OP.i32Eqz);
  writer.branch(OP.brIf, unknown);
  writer.get(record);
  writer.get(page);
  writer.op(OP.i32Sub);
  writer.tee(bits);
  writer.i32(PAGE_RECORDS_BYTES - DECODED.recordBytes);
  writer.op(OP.i32GeU);
  writer.branch(OP.brIf, unknown);
  writer.get(entry);
  writer.get(bits);
  writer.i32(3);
  writer.op(OP.i32ShrU);
  writer.op(OP.i32Add);
  writer.memory(OP.i32Load, 0);
  writer.set(bits);
  keepParcel(writer, bits);
  pushMemoEntry(writer, bits);
  writer.tee(entry);
  writer.memory(OP.i32Load, DECODED_MEMO.bits);
  writer.get(bits);
  writer.op(OP.i32Ne);
  writer.branch(OP.brIf, unknown);
  writer.get(entry);
  writer.memory(OP.i32Load16U, RECORD.handler);
  writer.op(OP.i32Eqz);
  writer.branch(OP.brIf, unknown);
  for (const [load, store, at] of [
    [OP.i64Load, OP.i64Store, RECORD.handler],
    [OP.i32Load, OP.i32Store, RECORD.immediate],
    [OP.i32Load16U, OP.i32Store16, RECORD.step],
  ] as const) {
    writer.get(record);
    writer.get(entry);
    writer.memory(load, at);
    writer.memory(store, at);
  }
}

/** Of bits that are a compressed instruction and what follows it, leaves the instruction. */
function keepParcel(writer: FunctionWriter, bits: number): void {
  writer.get(bits);
  writer.get(bits);
  writer.i32(0xffff);
  writer.op(OP.i32And);
  writer.get(bits);
  writer.i32(3);
  writer.op(OP.i32And);
  writer.i32(3);
  writer.op(OP.i32Eq);
  writer.op(OP.select);
  writer.set(bits);
}

/** Pushes where the memo has what some bits were decoded to, if it has. */
function pushMemoEntry(writer: FunctionWriter, bits: number): void {
  writer.get(bits);
  for (const shift of [13, 20]) {
    writer.get(bits);
    writer.i32(shift);
    writer.op(OP.i32ShrU);
    writer.op(OP.i32Xor);
  }
  writer.i32(DECODED_MEMO.entries - 1);
  writer.op(OP.i32And);
  writer.i32(Math.log2(DECODED_MEMO.entryBytes));
  writer.op(OP.i32Shl);
  writer.i32(DECODED_MEMO.offset);
  writer.op(OP.i32Add);
}
