import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import { PRIVILEGE } from "./privilege.ts";

/** Number of PMP entries. */
export const PMP_COUNT = 16;

/** Bits of an entry's configuration (Privileged Architecture 1.12, section 3.7.1). */
const CONFIG = { read: 1, write: 2, execute: 4, matching: 0x18, lock: 0x80, writable: 0x9f } as const;
const MATCHING = { off: 0, topOfRange: 0x08, four: 0x10 } as const;
const RIGHTS = 7;

/** Rights of a page where entries split it: each access has to be checked by itself. */
export const SPLIT = -1;

const PAGE_BYTES = 4096;
const HALF = 0x1_0000_0000;

/**
 * Physical memory protection. Entries are kept as ranges in ascending order of their number, without those that match nothing.
 * Bounds are doubles: exact below 2^53, and neither RAM nor a device lies above.
 */
export class PhysicalProtection {
  readonly #state: HartState;
  readonly #starts = new Float64Array(PMP_COUNT);
  readonly #ends = new Float64Array(PMP_COUNT);
  readonly #configs = new Uint8Array(PMP_COUNT);
  /** The pages that a range touches, and those that it covers: the first, and the one after the last. */
  readonly #touched = new Float64Array(2 * PMP_COUNT);
  readonly #covered = new Float64Array(2 * PMP_COUNT);
  #active = 0;

  constructor(state: HartState) {
    this.#state = state;
  }

  /** Takes the entries from the state again. To be called after they changed. */
  compile(): void {
    this.#active = 0;
    for (let entry = 0; entry < PMP_COUNT; entry++) this.#compileEntry(entry);
  }

  /**
   * What may be done with a page of physical memory.
   * @param page physical address / 4096
   * @returns rights as bits R 1, W 2, X 4, or SPLIT
   */
  pageRights(page: number, privilege: number): number {
    for (let entry = 0; entry < this.#active; entry++) {
      if (page >= (this.#touched[2 * entry + 1] ?? 0) || page < (this.#touched[2 * entry] ?? 0)) continue;
      const isCovered = page >= (this.#covered[2 * entry] ?? 0) && page < (this.#covered[2 * entry + 1] ?? 0);
      return isCovered ? this.#rights(entry, privilege) : SPLIT;
    }
    return noMatch(privilege);
  }

  /** @returns rights to `size` bytes at a physical address: none where an entry matches a part of them alone */
  rights(address: number, size: number, privilege: number): number {
    const end = address + size;
    for (let entry = 0; entry < this.#active; entry++) {
      const first = this.#starts[entry] ?? 0;
      const last = this.#ends[entry] ?? 0;
      if (address < last && end > first) return address >= first && end <= last ? this.#rights(entry, privilege) : 0;
    }
    return noMatch(privilege);
  }

  /** Writes eight entries' configurations. @param first entry of the lowest byte: 0 or 8 */
  writeConfigs(first: number, low: number, high: number): void {
    for (let index = 0; index < 8; index++)
      this.#writeConfig(first + index, ((index < 4 ? low : high) >>> ((index & 3) * 8)) & 0xff);
    this.compile();
  }

  /** Writes an entry's address: bits 2 to 55 of a physical one. Nothing where the entry, or the range that starts here, is locked. */
  writeAddress(entry: number, low: number, high: number): void {
    const next = entry + 1 < PMP_COUNT ? this.#config(entry + 1) : 0;
    const isBoundOfLocked = (next & CONFIG.lock) !== 0 && (next & CONFIG.matching) === MATCHING.topOfRange;
    if (isBoundOfLocked || (this.#config(entry) & CONFIG.lock) !== 0) return;
    this.#state.set(STATE.pmpaddr + entry * 8, low, high & 0x3f_ffff);
    this.compile();
  }

  #config(entry: number): number {
    return this.#state.view.getUint8(STATE.pmpcfg + entry);
  }

  #writeConfig(entry: number, value: number): void {
    if ((this.#config(entry) & CONFIG.lock) !== 0) return;
    // Writable but not readable is reserved: nothing is granted then but to execute.
    const rights = (value & (CONFIG.read | CONFIG.write)) === CONFIG.write ? value & ~CONFIG.write : value;
    this.#state.view.setUint8(STATE.pmpcfg + entry, rights & CONFIG.writable);
  }

  #compileEntry(entry: number): void {
    const config = this.#config(entry);
    const matching = config & CONFIG.matching;
    if (matching === MATCHING.off) return;
    const low = this.#state.low(STATE.pmpaddr + entry * 8);
    const high = this.#state.high(STATE.pmpaddr + entry * 8);
    if (matching === MATCHING.topOfRange) this.#addRange(this.#address(entry - 1), this.#address(entry), config);
    else if (matching === MATCHING.four) this.#addRange(this.#address(entry), this.#address(entry) + 4, config);
    else this.#addNaturallyAligned(low, high, config);
  }

  /** In bytes. @param entry −1: where the first range starts */
  #address(entry: number): number {
    if (entry < 0) return 0;
    return (this.#state.low(STATE.pmpaddr + entry * 8) + this.#state.high(STATE.pmpaddr + entry * 8) * HALF) * 4;
  }

  /** The ones that end the address give the size: none of them 8 bytes, each doubles it. */
  #addNaturallyAligned(low: number, high: number, config: number): void {
    const ones = trailingOnes(low);
    const total = ones < 32 ? ones : 32 + trailingOnes(high);
    const baseLow = ones < 32 ? (low & (low + 1)) >>> 0 : 0;
    const baseHigh = ones < 32 ? high : (high & (high + 1)) >>> 0;
    const start = (baseLow + baseHigh * HALF) * 4;
    this.#addRange(start, start + 2 ** (total + 3), config);
  }

  #addRange(start: number, end: number, config: number): void {
    if (start >= end) return;
    this.#starts[this.#active] = start;
    this.#ends[this.#active] = end;
    this.#configs[this.#active] = config;
    this.#touched.set([Math.floor(start / PAGE_BYTES), Math.ceil(end / PAGE_BYTES)], 2 * this.#active);
    this.#covered.set([Math.ceil(start / PAGE_BYTES), Math.floor(end / PAGE_BYTES)], 2 * this.#active);
    this.#active++;
  }

  #rights(entry: number, privilege: number): number {
    const config = this.#configs[entry] ?? 0;
    return privilege === PRIVILEGE.machine && (config & CONFIG.lock) === 0 ? RIGHTS : config & RIGHTS;
  }
}

/** Where no entry matches, machine mode may do everything, the others nothing (section 3.7.1). */
function noMatch(privilege: number): number {
  return privilege === PRIVILEGE.machine ? RIGHTS : 0;
}

function trailingOnes(word: number): number {
  const zeros = ~word;
  return zeros === 0 ? 32 : 31 - Math.clz32(zeros & -zeros);
}
