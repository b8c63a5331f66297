import { RECORD } from "./records.ts";

/** How many instructions are remembered, one for each place. */
const PLACES = 8192;
/** Words of a record that decoding writes: handler and rd, rs1 and rs2, immediate; then the step, which shares its word with the counter. */
const WORDS = 4;

/** What instructions were decoded to lately, by their bits: code is full of the same ones. */
export class DecodedMemo {
  readonly #view: DataView;
  readonly #bits = new Int32Array(PLACES);
  /** A first word of 0 is none: handler 0 is "not decoded". */
  readonly #words = new Int32Array(PLACES * WORDS);

  /** @param view the engine's memory, which records are in */
  constructor(view: DataView) {
    this.#view = view;
  }

  /** Writes what an instruction was decoded to into a record, but for its counter. @returns false where that is not known */
  recall(bits: number, record: number): boolean {
    const place = placeOf(bits);
    const from = place * WORDS;
    const first = this.#words[from] ?? 0;
    if (this.#bits[place] !== (bits | 0) || first === 0) return false;
    const view = this.#view;
    view.setInt32(record, first, true);
    view.setInt32(record + 4, this.#words[from + 1] ?? 0, true);
    view.setInt32(record + RECORD.immediate, this.#words[from + 2] ?? 0, true);
    view.setUint16(record + RECORD.step, this.#words[from + 3] ?? 0, true);
    return true;
  }

  /** Remembers what an instruction was decoded to. */
  remember(bits: number, record: number): void {
    const place = placeOf(bits);
    const view = this.#view;
    this.#bits[place] = bits;
    this.#words[place * WORDS] = view.getInt32(record, true);
    this.#words[place * WORDS + 1] = view.getInt32(record + 4, true);
    this.#words[place * WORDS + 2] = view.getInt32(record + RECORD.immediate, true);
    this.#words[place * WORDS + 3] = view.getUint16(record + RECORD.step, true);
  }
}

function placeOf(bits: number): number {
  return (bits ^ (bits >>> 13) ^ (bits >>> 20)) & (PLACES - 1);
}
