import { DECODED_MEMO } from "../memory/layout.ts";
import { RECORD } from "./records.ts";

/** The slow side of DECODED_MEMO: the interpreter reads it by itself. */
export class DecodedMemo {
  readonly #view: DataView;

  /** @param view the engine's memory */
  constructor(view: DataView) {
    this.#view = view;
  }

  /** Writes what an instruction was decoded to into a record, but for its counter. @returns false where that is not known */
  recall(bits: number, record: number): boolean {
    const entry = entryOf(bits);
    if (this.#view.getInt32(entry + DECODED_MEMO.bits, true) !== (bits | 0) || this.#isEmpty(entry)) return false;
    this.#copy(entry, record);
    return true;
  }

  /** Remembers what an instruction was decoded to. */
  remember(bits: number, record: number): void {
    const entry = entryOf(bits);
    this.#copy(record, entry);
    this.#view.setInt32(entry + DECODED_MEMO.bits, bits, true);
  }

  #isEmpty(entry: number): boolean {
    return this.#view.getUint16(entry + RECORD.handler, true) === 0;
  }

  /** What decoding writes: handler and rd, rs1 and rs2, immediate, step. */
  #copy(from: number, to: number): void {
    const view = this.#view;
    for (const at of [RECORD.handler, RECORD.rs1, RECORD.immediate])
      view.setInt32(to + at, view.getInt32(from + at, true), true);
    view.setUint16(to + RECORD.step, view.getUint16(from + RECORD.step, true), true);
  }
}

function entryOf(bits: number): number {
  const index = (bits ^ (bits >>> 13) ^ (bits >>> 20)) & (DECODED_MEMO.entries - 1);
  return DECODED_MEMO.offset + index * DECODED_MEMO.entryBytes;
}
