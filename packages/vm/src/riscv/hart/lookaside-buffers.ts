import { MODE, MODE_COUNT, type Mode, SECOND_TLB, STATE, TLB } from "../../memory/layout.ts";
import { emptyEntry, emptyTable } from "../../memory/look-aside-table.ts";
import type { HartState } from "./hart-state.ts";
import { PageLog } from "./page-log.ts";

/** Tables of a mode. */
const KINDS = 3;
/** Those of them that have a second one: reads and writes. */
const SECOND_KINDS = 2;
const FILTER_BITS = 12;
const FILTER_SIZE = 1 << FILTER_BITS;

/**
 * Fills and empties the look-aside buffers that generated code reads. A page's entry is at index `(address >>> 12) & 1023`.
 *
 * Invariants:
 * L1. A write entry maps RAM that no code was decoded from, whose page is marked dirty and whose PTE has D set.
 * L2. A table that was not filled since it was emptied is not emptied again.
 * L3. Generated code copies from a second buffer into the first of the same kind, and nowhere else: they are emptied together.
 * L4. Whatever may hold a translation of an address is found by its address alone, unless a superpage gave it: then all is emptied.
 * L5. What is not in each address space is there for the current one alone, and is noted in the log of its table.
 */
export class LookasideBuffers {
  readonly #state: HartState;
  readonly #tables: readonly Uint8Array[];
  /** By mode: the second buffer of reads, then that of writes. */
  readonly #seconds: readonly Uint8Array[];
  readonly #filled = new Uint8Array(MODE_COUNT * KINDS);
  /** By table: the pages in it that are not in each address space. */
  readonly #local = Array.from({ length: MODE_COUNT * KINDS }, () => new PageLog());
  /** Hashes of superpages of each size; of pages that were executed: local ones, and those in each address space. */
  readonly #superpages = new Uint8Array(FILTER_SIZE);
  readonly #executed = new Uint8Array(FILTER_SIZE);
  readonly #executedGlobally = new Uint8Array(FILTER_SIZE);
  #hasSuperpages = false;

  constructor(state: HartState) {
    this.#state = state;
    const { buffer } = state.view;
    this.#seconds = Array.from({ length: MODE_COUNT * SECOND_KINDS }, (_, table) => {
      const offset = SECOND_TLB.offset + table * SECOND_TLB.tableBytes;
      return new Uint8Array(buffer, offset, SECOND_TLB.tableBytes);
    });
    this.#tables = Array.from({ length: MODE_COUNT * KINDS }, (_, table) => {
      const offset = TLB.offset + table * TLB.tableBytes;
      return new Uint8Array(buffer, offset, TLB.tableBytes);
    });
    for (const table of [...this.#tables, ...this.#seconds]) emptyTable(table);
  }

  /**
   * Enters a page into a table of the mode that runs.
   * @param kind `TLB.read`, `TLB.write` or `TLB.fetch`
   * @param low lower half of any address of the page
   * @param high upper half
   * @param host where that address is in the engine's memory
   */
  fill(kind: number, low: number, high: number, host: number): void {
    this.#enter(kind, low, high, host - low);
  }

  /** Enters a page of code. @param decoded offset of its decoded instructions */
  fillFetch(low: number, high: number, decoded: number): void {
    this.#enter(TLB.fetch, low, high, decoded);
  }

  /** The page that was entered into a table of the mode that runs is there in the current address space alone. */
  noteLocal(kind: number, low: number): void {
    this.#local[this.#tableOf(kind)]?.note(low);
  }

  /** The page that was entered is a part of a superpage. @param level of its leaf, 1 to 3 */
  noteSuperpage(low: number, high: number, level: number): void {
    this.#hasSuperpages = true;
    this.#superpages[superpageHash(low, high, level)] = 1;
  }

  /** Code at this page may be known by its address from now on. */
  noteExecuted(low: number, high: number, isGlobal: boolean): void {
    const executed = isGlobal ? this.#executedGlobally : this.#executed;
    executed[pageHash(low, high)] = 1;
  }

  /** May a page's code be known by its address? */
  wasExecuted(low: number, high: number): boolean {
    const hash = pageHash(low, high);
    return this.#executed[hash] === 1 || this.#executedGlobally[hash] === 1;
  }

  /** Nobody knows code by its address any more. */
  forgetExecuted(): void {
    this.#executed.fill(0);
    this.#executedGlobally.fill(0);
  }

  /** May code of the current address space alone be known by its address, in a mode? */
  hasLocalCode(mode: Mode): boolean {
    return this.#local[tableOf(mode, TLB.fetch)]?.isEmpty === false;
  }

  /** May a page's translation come from a superpage, whose other pages go with it? */
  isInSuperpage(low: number, high: number): boolean {
    if (!this.#hasSuperpages) return false;
    for (let level = 1; level <= 3; level++) if (this.#superpages[superpageHash(low, high, level)] === 1) return true;
    return false;
  }

  /** Drops one page from all modes that translate. */
  dropPage(low: number, high: number): void {
    const { view } = this.#state;
    const tag = low & ~4095;
    for (let table = 0; table < this.#filled.length; table++) {
      if (this.#filled[table] === 0 || isMachineTable(table)) continue;
      const entry = TLB.offset + table * TLB.tableBytes + entryOffset(low);
      if (view.getInt32(entry, true) === tag && view.getInt32(entry + 4, true) === (high | 0)) emptyEntry(view, entry);
      if (hasSecond(table)) emptyEntry(view, secondOffset(table) + secondEntryOffset(low));
    }
  }

  /** Empties the modes that translate. */
  flushTranslated(): void {
    for (let table = 0; table < this.#tables.length; table++) if (!isMachineTable(table)) this.#flush(table);
    if (this.#hasSuperpages) this.#superpages.fill(0);
    this.#hasSuperpages = false;
  }

  /** Drops what is not in each address space; nobody knows such code by its address any more. */
  flushLocal(): void {
    this.#local.forEach((log, table) => {
      const { pages } = log;
      if (pages === undefined) return this.#flush(table);
      for (const low of pages) this.#dropFrom(table, low);
      log.empty();
    });
    this.#executed.fill(0);
  }

  /** Drops what a table has at the places of a page. */
  #dropFrom(table: number, low: number): void {
    const { view } = this.#state;
    emptyEntry(view, TLB.offset + table * TLB.tableBytes + entryOffset(low));
    if (hasSecond(table)) emptyEntry(view, secondOffset(table) + secondEntryOffset(low));
  }

  /** Empties all modes. */
  flushAll(): void {
    this.flushTranslated();
    for (let table = 0; table < this.#tables.length; table++) this.#flush(table);
  }

  /** Empties the tables of one kind. @param kind `TLB.read`, `TLB.write` or `TLB.fetch` */
  flushKind(kind: number): void {
    for (let mode = 0; mode < MODE_COUNT; mode++) this.#flush(tableOf(mode, kind));
  }

  /** Empties the banks of machine mode that accesses data as another mode. */
  flushModified(): void {
    for (let kind = 0; kind < KINDS; kind++) this.#flush(MODE.modified * KINDS + kind);
  }

  /** Drops all write entries of a page of RAM, whatever address they are for. @param host offset of the page in the engine's memory */
  dropWrites(host: number): void {
    for (let mode = 0; mode < MODE_COUNT; mode++)
      if (this.#filled[tableOf(mode, TLB.write)] === 1) this.#dropWritesOfMode(mode, host);
  }

  #dropWritesOfMode(mode: number, host: number): void {
    this.#dropWritesOf(TLB.offset + mode * TLB.modeBytes + TLB.write, TLB.tableBytes, host);
    this.#dropWritesOf(secondOffset(tableOf(mode, TLB.write)), SECOND_TLB.tableBytes, host);
  }

  #dropWritesOf(table: number, bytes: number, host: number): void {
    const { view } = this.#state;
    for (let entry = table; entry < table + bytes; entry += TLB.entryBytes) {
      const page = (view.getInt32(entry, true) + view.getInt32(entry + 8, true)) >>> 0;
      if (page === host) emptyEntry(view, entry);
    }
  }

  /** Of the mode that runs. */
  #tableOf(kind: number): number {
    return tableOf(this.#state.int(STATE.mode), kind);
  }

  #enter(kind: number, low: number, high: number, addend: number): void {
    const { view } = this.#state;
    const table = this.#tableOf(kind);
    writeEntry(view, TLB.offset + table * TLB.tableBytes + entryOffset(low), { low, high, addend });
    if (hasSecond(table)) writeEntry(view, secondOffset(table) + secondEntryOffset(low), { low, high, addend });
    this.#filled[table] = 1;
  }

  #flush(table: number): void {
    if (this.#filled[table] === 0) return;
    this.#filled[table] = 0;
    this.#local[table]?.empty();
    const tables = [this.#tables[table], hasSecond(table) ? this.#seconds[secondOf(table)] : undefined];
    for (const each of tables) if (each) emptyTable(each);
  }
}

function tableOf(mode: number, kind: number): number {
  return mode * KINDS + kind / TLB.tableBytes;
}

/** Offset of the entry that a table has for an address. */
function entryOffset(low: number): number {
  return ((low >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;
}

function hasSecond(table: number): boolean {
  return table % KINDS < SECOND_KINDS;
}

function secondOf(table: number): number {
  return Math.floor(table / KINDS) * SECOND_KINDS + (table % KINDS);
}

/** Offset of the second buffer that a table has. */
function secondOffset(table: number): number {
  return SECOND_TLB.offset + secondOf(table) * SECOND_TLB.tableBytes;
}

/** Offset of the entry that a second buffer has for an address. */
function secondEntryOffset(low: number): number {
  return (((low >>> 12) ^ (low >>> SECOND_TLB.foldShift)) & (SECOND_TLB.entries - 1)) * SECOND_TLB.entryBytes;
}

type Entry = { readonly low: number; readonly high: number; readonly addend: number };

function writeEntry(view: DataView, entry: number, { low, high, addend }: Entry): void {
  view.setInt32(entry, low & ~4095, true);
  view.setInt32(entry + 4, high, true);
  view.setInt32(entry + 8, addend, true);
}

function isMachineTable(table: number): boolean {
  return Math.floor(table / KINDS) === MODE.machine;
}

function pageHash(low: number, high: number): number {
  return fold((low >>> 12) ^ (high << 7));
}

/** Pages of one superpage have one hash; the level is part of it. */
function superpageHash(low: number, high: number, level: number): number {
  const shift = 12 + 9 * level;
  const number = shift < 32 ? (low >>> shift) ^ (high << (32 - shift)) : high >>> (shift - 32);
  return fold(number ^ (level << 9));
}

function fold(number: number): number {
  return (number ^ (number >>> FILTER_BITS)) & (FILTER_SIZE - 1);
}
