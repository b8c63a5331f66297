import type { Clock } from "../bus/port.ts";
import type { SystemBus } from "../bus/system-bus.ts";
import { floatOperation } from "../float/operation.ts";
import { DecodedPages } from "../interpreter/decoded-pages.ts";
import { HOT_UNIT } from "../ir/helpers.ts";
import { UNKNOWN_BITS } from "../ir/lower.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { CodeCache } from "../cache/code-cache.ts";
import type { Shape, UnitCompiler } from "../jit/request.ts";
import { GROWTH_THRESHOLD, PATIENCE, REGION_THRESHOLD, Units, type UsedUnit } from "../jit/units.ts";
import {
  COUNTERS,
  JUMP_CACHE,
  JUMP_LOG,
  JUMPS_FILLED_OFFSET,
  LEAVE,
  type Mode,
  MODE_COUNT,
  STATE,
} from "../memory/layout.ts";
import type { GuestMemory } from "../memory/physical-memory.ts";
import { SYSTEM } from "../riscv/hart/port.ts";
import { createHart, type Hart } from "../riscv/hart/hart.ts";
import { createDecoder } from "../riscv/isa/decode.ts";
import { FORMATS } from "../riscv/isa/format.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import type { SbiServices } from "../riscv/sbi/port.ts";
import { type CoreExports, isShared } from "./core-module.ts";
import { FetchTables } from "./fetch-tables.ts";
import { riscvCore } from "./riscv-core.ts";

/** How code is run: all by the interpreter; hot code compiled block by block; by regions; as measured best. */
export type ExecutionMode = "auto" | "interpreter" | "block" | "region";

/** What a processor is made of. */
export type ProcessorOptions = {
  readonly memory: WebAssembly.Memory;
  readonly physical: GuestMemory;
  readonly bus: Pick<SystemBus, "read" | "write">;
  readonly clock: Clock;
  readonly mode: ExecutionMode;
  readonly sbi?: SbiServices;
  /** Where to compile; left out: between slices. */
  readonly compiler?: UnitCompiler;
  /** What was compiled in earlier runs; takes in what is compiled now. */
  readonly cache?: CodeCache;
  /** As for machines' hosts. */
  readonly native?: NativeCode;
  /** How often a jump arrives at a place before it is compiled: 1 to 65535. A block becomes a region after ten times as many entries then. */
  readonly compileAfter?: number;
};

/** How often a jump arrives at a place before a block is compiled there. */
const BLOCK_THRESHOLD = 600;

/** How often a jump arrives at a place before it is looked for in the cache. */
const CACHED_THRESHOLD = 8;

/** What a hot place becomes, the best first; the last one is what is compiled first. */
const SHAPES: Readonly<Record<ExecutionMode, readonly Shape[]>> = {
  auto: ["region", "block"],
  interpreter: [],
  block: ["block"],
  region: ["region"],
};

/** A hart, and the engine that runs its code. */
export class Processor {
  readonly hart: Hart;
  readonly #view: DataView;
  readonly #pages: DecodedPages;
  readonly #units: Units;
  readonly #jumps: Uint8Array;
  readonly #fetches: FetchTables;
  readonly #run: () => void;
  readonly #mode: ExecutionMode;

  constructor(options: ProcessorOptions) {
    const { memory, mode } = options;
    this.#mode = mode;
    this.#view = new DataView(memory.buffer);
    this.#fetches = new FetchTables(this.#view);
    this.#jumps = new Uint8Array(memory.buffer, JUMP_CACHE.offset, JUMP_CACHE.modeBytes * MODE_COUNT);
    const blockThreshold = options.compileAfter ?? BLOCK_THRESHOLD;
    const regionThreshold = options.compileAfter === undefined ? REGION_THRESHOLD : 10 * options.compileAfter;
    const hasCached = options.cache !== undefined && options.cache.statistics.units > 0;
    const firstThreshold = Math.min(blockThreshold, hasCached ? CACHED_THRESHOLD : blockThreshold);
    const decode = createDecoder();
    this.#pages = new DecodedPages({
      memory,
      decode,
      hasRounding: (instruction) => FORMATS[instructionAt(instruction).format].rounding === true,
      threshold: mode === "interpreter" ? 0 : firstThreshold,
      onForget: (offset) => this.#forget(offset),
      onCode: (page) => this.hart.watchCode(page),
    });
    this.hart = createHart({
      ...options,
      code: {
        open: (page) => this.#pages.open(page, this.#regime()),
        has: (page) => this.#pages.has(page),
        entered: (low, high) => this.#joinAt(low, high),
        drop: (page) => this.#pages.drop(page),
        forgetJumps: (mode) => this.forgetJumps(mode),
      },
      float: (operation) => floatOperation(this.#view, operation),
    });
    const table = new WebAssembly.Table({ element: "anyfunc", initial: 1024 });
    const slowSide = { memory, table, ...this.#helpers() };
    const { cache = new CodeCache(), native } = options;
    const core = new WebAssembly.Instance(riscvCore(isShared(memory), cache, native), { host: slowSide });
    const { run, ...coreHelpers } = core.exports as CoreExports;
    this.#run = run;
    const host = { ...slowSide, ...coreHelpers };
    this.#units = new Units({
      memory,
      table,
      host,
      pages: this.#pages,
      regionThreshold: mode === "auto" ? regionThreshold : 0,
      shapes: SHAPES[mode],
      firstThreshold,
      blockThreshold,
      growthThreshold: options.compileAfter ?? GROWTH_THRESHOLD,
      patience: options.compileAfter === undefined ? PATIENCE : 0,
      pageAfter: (regime, page) => this.#fetches.afterPage(regime, page),
      ...(options.compiler ? { compiler: options.compiler } : {}),
      cache,
      ...(native ? { native } : {}),
    });
    this.#jumps.fill(0xff);
  }

  /** The translation regime that code runs in now. */
  #regime(): Mode {
    return this.#view.getInt32(STATE.mode, true) as Mode;
  }

  /** Page writes come from devices, too. */
  drop(page: number): void {
    if (this.#pages.has(page)) this.#pages.drop(page);
  }

  /** Empties the jump cache of a mode; of all where none is named. */
  forgetJumps(mode?: Mode): void {
    if (mode !== undefined) return this.#forgetJumpsOf(mode);
    for (let each = 0; each < MODE_COUNT; each++) this.#forgetJumpsOf(each);
  }

  #forgetJumpsOf(mode: number): void {
    const counter = JUMPS_FILLED_OFFSET + mode * 4;
    const filled = this.#view.getInt32(counter, true);
    if (filled === 0) return;
    this.#view.setInt32(counter, 0, true);
    if (filled <= JUMP_LOG.entries) this.#forgetLogged(JUMP_LOG.offset + mode * JUMP_LOG.modeBytes, filled);
    else this.#jumps.fill(0xff, mode * JUMP_CACHE.modeBytes, (mode + 1) * JUMP_CACHE.modeBytes);
  }

  #forgetLogged(log: number, filled: number): void {
    for (let at = log; at < log + filled * 4; at += 4)
      emptyEntry(this.#view, JUMP_CACHE.offset + this.#view.getInt32(at, true));
  }

  /** The compiled units that are in use, and how often they were. */
  unitsInUse(): readonly UsedUnit[] {
    return this.#units.inUse();
  }

  /** The functions of the compiled units that are in use, the hottest first. */
  functionsInUse(): readonly unknown[] {
    return this.#units.functionsInUse();
  }

  /** The caches that have the modules of units that are in use. */
  codeCaches(): readonly CodeCache[] {
    return this.#units.caches();
  }

  /** Has code used that was compiled elsewhere: that of a snapshot. */
  adopt(code: CodeCache): void {
    this.#units.adopt(code);
  }

  /** How many units were compiled, by shape. */
  get compiled(): Readonly<Record<Shape, number>> {
    return this.#units.compiled;
  }

  /** How many units came from the cache, by shape. */
  get loaded(): Readonly<Record<Shape, number>> {
    return this.#units.loaded;
  }

  /** How many instructions were interpreted, run in blocks, and run in regions; and how many of the latter two in code of the cache. */
  countByTier(): Readonly<Record<"interpreter" | Shape | "cached", number>> {
    const count = (offset: number): number => Number(this.#view.getBigInt64(offset, true));
    const { block, region } = COUNTERS;
    const [blocks, regions] = [count(block.loaded), count(region.loaded)];
    return {
      interpreter: count(STATE.interpreted),
      block: count(block.compiled) + blocks,
      region: count(region.compiled) + regions,
      cached: blocks + regions,
    };
  }

  /** True while units are being compiled elsewhere: the host should listen for them. */
  get isCompiling(): boolean {
    return this.#units.isCompiling;
  }

  /**
   * Runs some instructions, from STATE.pc on.
   * @param count about how many, 1 to 2^30: a loop ends at its next turn
   * @returns why it ended, of LEAVE; and how many were run
   */
  run(count: number): { readonly leave: number; readonly instructions: number } {
    const view = this.#view;
    this.#units.compileWaiting();
    view.setInt32(STATE.leave, LEAVE.none, true);
    view.setInt32(STATE.slice, count, true);
    view.setInt32(STATE.budget, count, true);
    this.#run();
    // Whoever ended the slice early has shortened it.
    const instructions = view.getInt32(STATE.slice, true) - view.getInt32(STATE.budget, true);
    this.#retire(instructions);
    return { leave: view.getInt32(STATE.leave, true), instructions };
  }

  #retire(instructions: number): void {
    const view = this.#view;
    const low = view.getUint32(STATE.instret, true) + instructions;
    view.setUint32(STATE.instret, low % 2 ** 32, true);
    view.setUint32(STATE.instret + 4, view.getUint32(STATE.instret + 4, true) + Math.floor(low / 2 ** 32), true);
    view.setInt32(STATE.slice, 0, true);
    view.setInt32(STATE.budget, 0, true);
  }

  /** What is entered from a page's records goes, and whatever leads to them. */
  #forget(offset: number): void {
    if (this.#units.forget(offset)) this.forgetJumps();
    this.#fetches.forget(offset);
  }

  /** Code at an address can be fetched from now on: units around it may go on from page to page. */
  #joinAt(low: number, high: number): void {
    const mode = this.#regime();
    const pages = [
      this.#fetches.before(mode, low, high),
      this.#fetches.find(mode, low, high),
      this.#fetches.after(mode, low, high),
    ];
    pages.forEach((page, index) => {
      const next = pages[index + 1];
      if (page !== undefined && next !== undefined) this.#units.join(page, next);
    });
  }

  #helpers(): Readonly<Record<string, (...values: number[]) => number | void>> {
    const { hart } = this;
    return {
      load: (size = 0) => hart.load(size),
      loadReserved: (size = 0) => hart.loadReserved(size),
      atomic: (size = 0) => hart.atomic(size),
      store: (size = 0) => hart.store(size),
      system: (operation = 0, argument = 0) => {
        if (operation === SYSTEM.illegal && argument === UNKNOWN_BITS) this.#fetchBits();
        return hart.system(operation, argument);
      },
      float: (operation = 0) => hart.float(operation),
      fetch: () => hart.fetch(),
      decode: (record = 0) => this.#pages.decode(record, () => this.#secondParcel()),
      hot: (record = 0, kind = 0) => this.#requestUnit(record, kind),
    };
  }

  /** @param record of a decoded instruction, or of a unit where `kind` is HOT_UNIT */
  #requestUnit(record: number, kind: number): void {
    if (this.#mode === "interpreter") return;
    if (kind === HOT_UNIT) return this.#units.hot(record);
    this.#units.arrived(record, this.#regime());
  }

  /** The upper half of the instruction at STATE.pc. @returns -1 where a trap was taken */
  #secondParcel(): number {
    return this.#parcel(2);
  }

  #parcel(distance: number): number {
    const view = this.#view;
    const low = view.getUint32(STATE.pc, true) + distance;
    view.setUint32(STATE.address, low % 2 ** 32, true);
    view.setUint32(STATE.address + 4, view.getUint32(STATE.pc + 4, true) + (low >= 2 ** 32 ? 1 : 0), true);
    return this.hart.fetchParcel();
  }

  /** Puts the instruction at STATE.pc, which runs and so can be read, where the slow side looks for its bits. */
  #fetchBits(): void {
    const low = this.#parcel(0);
    const bits = (low & 3) === 3 ? low | (this.#parcel(2) << 16) : low;
    this.#view.setInt32(STATE.value, bits, true);
    this.#view.setInt32(STATE.value + 4, 0, true);
  }
}

function emptyEntry(view: DataView, entry: number): void {
  view.setInt32(entry, -1, true);
  view.setInt32(entry + 4, -1, true);
}
