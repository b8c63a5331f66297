import { DECODED, RAM_BASE, RAM_OFFSET, registerOffset, SINK_REGISTER } from "../memory/layout.ts";
import { createDecodedInstruction, type Decode, type DecodedInstruction } from "../riscv/isa/decode.ts";
import { DecodedMemo } from "./decoded-memo.ts";
import { FIRST_INSTRUCTION, HANDLER, PAGE_RECORDS_BYTES, RECORD, STRADDLE_OFFSET } from "./records.ts";

/** What decoded pages need of the rest. */
export type DecodedPagesOptions = {
  readonly memory: WebAssembly.Memory;
  readonly decode: Decode;
  /** True for instructions that have a rounding mode, and perhaps rs3, in place of an immediate. */
  readonly hasRounding: (instruction: number) => boolean;
  /** How often a jump arrives before `hot` is told: 1 to 65535; 0: never. */
  readonly threshold: number;
  /** A page is forgotten for one mode: what is entered from its records, at `offset`, must go, and so must entries of fetch tables that lead there. */
  readonly onForget: (offset: number) => void;
  /** A page counts as code from now on: it may no longer be in a write table. */
  readonly onCode: (page: number) => void;
};

/**
 * Decoded instructions of the guest's pages, in a pool that lends its oldest page again when it is full. A page is decoded for each mode
 * in which it runs: a unit that is entered from it was compiled for one.
 */
export class DecodedPages {
  readonly #options: DecodedPagesOptions;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  /** A page on which nothing is decoded yet. */
  readonly #blank: Uint8Array;
  /** Slots by page and mode: see `keyOf`. */
  readonly #slotOf: Map<number, number> = new Map();
  readonly #keyOf: Float64Array = new Float64Array(DECODED.pages).fill(-1);
  readonly #decoded: DecodedInstruction = createDecodedInstruction();
  readonly #memo: DecodedMemo;
  #nextSlot = 0;

  constructor(options: DecodedPagesOptions) {
    this.#options = options;
    this.#view = new DataView(options.memory.buffer);
    this.#bytes = new Uint8Array(options.memory.buffer);
    this.#memo = new DecodedMemo(this.#view);
    this.#blank = blankPage(options.threshold);
    this.#bytes.fill(0, STRADDLE_OFFSET, STRADDLE_OFFSET + 64);
    this.#view.setUint16(STRADDLE_OFFSET + 16, HANDLER.pageEnd, true);
    this.#view.setUint16(STRADDLE_OFFSET + 32, HANDLER.pageEnd, true);
  }

  /** Offset of a page's records for a mode; made where there are none. May forget another page. */
  open(page: number, mode: number): number {
    const key = page * MODES + mode;
    const known = this.#slotOf.get(key);
    if (known !== undefined) return slotOffset(known);
    const isNew = !this.has(page);
    const slot = this.#nextSlot;
    this.#nextSlot = (slot + 1) % DECODED.pages;
    this.#forget(slot);
    this.#keyOf[slot] = key;
    this.#slotOf.set(key, slot);
    this.#bytes.set(this.#blank, slotOffset(slot));
    this.#view.setInt32(slotOffset(slot) + DECODED.guestPage, RAM_OFFSET + (page * 4096 - RAM_BASE), true);
    if (isNew) this.#options.onCode(page);
    return slotOffset(slot);
  }

  /** True where a page is decoded for any mode. */
  has(page: number): boolean {
    for (let mode = 0; mode < MODES; mode++) if (this.#slotOf.has(page * MODES + mode)) return true;
    return false;
  }

  /** Forgets what was decoded from a page. */
  drop(page: number): void {
    for (let mode = 0; mode < MODES; mode++) {
      const slot = this.#slotOf.get(page * MODES + mode);
      if (slot !== undefined) this.#forget(slot);
    }
  }

  #forget(slot: number): void {
    const key = this.#keyOf[slot] ?? -1;
    if (key === -1) return;
    this.#slotOf.delete(key);
    this.#keyOf[slot] = -1; // The records stay until another page needs the room: they may be running.
    this.#view.setInt32(slotOffset(slot) + DECODED.guestPage, 0, true);
    this.#options.onForget(slotOffset(slot));
  }

  /** Forgets everything. */
  dropAll(): void {
    for (let slot = 0; slot < DECODED.pages; slot++) this.#forget(slot);
  }

  /** Physical address of the instruction that a record stands for. Undefined: its page was dropped meanwhile. */
  addressOf(record: number): number | undefined {
    const distance = record - DECODED.offset;
    const key = this.#keyOf[Math.floor(distance / DECODED.pageBytes)] ?? -1;
    return key === -1 ? undefined : Math.floor(key / MODES) * 4096 + (distance % DECODED.pageBytes) / 8;
  }

  /** Record of a physical address for a mode, where its page is decoded. */
  recordOf(address: number, mode: number): number | undefined {
    const slot = this.#slotOf.get(Math.floor(address / 4096) * MODES + mode);
    return slot === undefined ? undefined : slotOffset(slot) + (address % 4096) * 8;
  }

  /**
   * Decodes the instruction of a record.
   * @param secondHalf fetches the half that lies in the next page; -1 where that trapped
   * @returns the record to run: this one, or the place for instructions that straddle pages. 0: a trap was taken
   */
  decode(record: number, secondHalf: () => number): number {
    const address = this.addressOf(record);
    if (address === undefined) return 0; // The page was dropped by its own code: looked up anew.
    const at = RAM_OFFSET + (address - RAM_BASE);
    const low = this.#view.getUint16(at, true);
    if ((low & 3) !== 3) return this.#write(record, low);
    if (address % 4096 !== 4094) return this.#write(record, low | (this.#view.getUint16(at + 2, true) << 16));
    const high = secondHalf();
    return high === -1 ? 0 : this.#write(STRADDLE_OFFSET, low | (high << 16));
  }

  #write(record: number, bits: number): number {
    if (this.#memo.recall(bits, record)) return record;
    this.#decode(record, bits);
    this.#memo.remember(bits, record);
    return record;
  }

  #decode(record: number, bits: number): void {
    const decoded = this.#decoded;
    this.#options.decode(bits, decoded);
    const view = this.#view;
    view.setUint16(record + RECORD.handler, FIRST_INSTRUCTION + decoded.instruction, true);
    view.setUint16(record + RECORD.rd, registerOffset(decoded.rd === 0 ? SINK_REGISTER : decoded.rd), true);
    view.setUint16(record + RECORD.rs1, registerOffset(decoded.rs1), true);
    view.setUint16(record + RECORD.rs2, registerOffset(decoded.rs2), true);
    if (this.#options.hasRounding(decoded.instruction)) {
      view.setUint16(record + RECORD.rs3, registerOffset(decoded.rs3), true);
      view.setUint16(record + RECORD.rounding, decoded.rounding, true);
    } else view.setInt32(record + RECORD.immediate, decoded.immediate, true);
    view.setUint16(record + RECORD.step, decoded.length * 8, true);
  }

  /** Has a compiled unit entered where a record is reached. */
  enter(record: number, unit: number): void {
    this.#view.setUint16(record + RECORD.handler, HANDLER.enterUnit, true);
    this.#view.setInt32(record + RECORD.immediate, unit, true);
  }

  /** Counts the jumps that arrive at a record from anew. @param count until `hot` is told again */
  countAgain(record: number, count: number): void {
    this.#view.setUint16(record + RECORD.counter, count, true);
  }
}

/** Keys are pages times this, plus the mode. */
const MODES = 8;

function slotOffset(slot: number): number {
  return DECODED.offset + slot * DECODED.pageBytes;
}

function blankPage(threshold: number): Uint8Array {
  const blank = new Uint8Array(DECODED.pageBytes);
  const view = new DataView(blank.buffer);
  for (let record = 0; record < PAGE_RECORDS_BYTES; record += DECODED.recordBytes)
    view.setUint16(record + RECORD.counter, threshold, true);
  for (let record = PAGE_RECORDS_BYTES; record < DECODED.guestPage; record += DECODED.recordBytes)
    view.setUint16(record + RECORD.handler, HANDLER.pageEnd, true);
  return blank;
}
