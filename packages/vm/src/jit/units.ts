import type { DecodedPages } from "../interpreter/decoded-pages.ts";
import { COUNTERS, DECODED, type Mode, UNITS } from "../memory/layout.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import type { CodeCache } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { CachedUnits } from "./cached-units.ts";
import { isCompiledFrom } from "../cache/unit.ts";
import { compileBatch } from "./compile-batch.ts";
import { GuestPages } from "./guest-pages.ts";
import { NextPages, type PlacedUnit } from "./next-pages.ts";
import type { CompiledBatch, CompiledUnit, CompileRequest, Shape, UnitCompiler } from "./request.ts";

/** What compiled units need of the rest. */
export type UnitsOptions = {
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  readonly pages: DecodedPages;
  readonly host: Readonly<Record<string, WebAssembly.ImportValue>>;
  /** Where to compile. Left out: here, between two slices. */
  readonly compiler?: UnitCompiler;
  /** What was compiled in earlier runs; takes in what is compiled now. */
  readonly cache: CodeCache;
  /** Makes use of the machine code in it. */
  readonly native?: NativeCode;
  /** Shapes of units that a hot place may become, the best first. */
  readonly shapes: readonly Shape[];
  /** How often a jump arrives at a place before it is looked for in the cache. */
  readonly firstThreshold: number;
  /** How often a jump arrives at a place before it is compiled. */
  readonly blockThreshold: number;
  /** How often a block is entered before it becomes a region; 0: never. */
  readonly regionThreshold: number;
  /** How often a region is left that could have gone on before a larger one takes its place. */
  readonly growthThreshold: number;
  /** For how many slices a few units wait for others to be compiled with. */
  readonly patience: number;
  /** Most units at one time, and one; UNITS.count where left out. */
  readonly mostUnits?: number;
  /** Finds the decoded page that comes after another one where code runs, both by their offsets. Left out: units end with their pages. */
  readonly pageAfter?: (mode: Mode, page: number) => number | undefined;
};

/** A unit that is in use. */
type Installed = PlacedUnit & {
  /** What is counted down from until it is hot. */
  readonly threshold: number;
};

/** A unit that is in use, and about how often it was entered, REGION_THRESHOLD at most. */
export type UsedUnit = CompiledUnit & { readonly uses: number };

/**
 * How often a block is entered before a region takes its place. By then V8 has optimized the block, and a new region is slower than that for
 * as long as V8 works on it: only what runs on gets that back. With 4,000 a first boot took a third longer than with blocks alone.
 */
export const REGION_THRESHOLD = 100_000;

/** How often a region calls what could be a part of it, or leaves for the next page, before a larger one takes its place. */
export const GROWTH_THRESHOLD = 20_000;

/**
 * So many times as hot as elsewhere a place has to get that the cache does not know, or knows as a block alone: in the run before it got
 * nearly as hot as it does now, and that was too little.
 */
const CACHE_FACTOR = 4;

/** How many units are compiled together at most; of regions, which take longer, as blocks wait meanwhile. */
const BATCH = 64;
const REGION_BATCH = 16;

/** Fewer than these wait for others: each module costs something by itself, now and whenever it is loaded from the cache. */
const WORTHWHILE_BATCH = 32;

/** For how many slices, about 5 ms. */
export const PATIENCE = 25;

/** How often a jump arrives at a place before it is looked for once more, while the cache is being loaded. */
const RETRY_THRESHOLD = 20;

/** How often a block is entered before a region is looked for once more, while the cache is being loaded. */
const REGION_RETRY_THRESHOLD = 400;

/** A record counts in 16 bits. */
const MOST_COUNTED = 0xffff;

/** The compiled units of a machine. */
export class Units {
  readonly #options: UnitsOptions;
  readonly #view: DataView;
  readonly #guest: GuestPages;
  /** By the offset of the decoded page that they are entered from: it is forgotten for one mode, and may stay for another. */
  readonly #byPage: Map<number, Installed[]> = new Map();
  readonly #byIndex: Map<number, Installed> = new Map();
  /** What was asked for and is not there yet, by `keyOf`. */
  readonly #requested: Map<string, CompileRequest> = new Map();
  #waiting: CompileRequest[] = [];
  #isCompiling = false;
  /** For how many slices a few units have waited. */
  #waited = 0;
  readonly #freeIndices: number[] = [];
  #nextIndex = 1;
  readonly #cached: CachedUnits;
  readonly #nextPages: NextPages;
  /** Those of a snapshot. */
  #adopted: CachedUnits | undefined;
  /** By the offset of their decoded page: records of places that the cache was found not to know, where arrivals are counted until they are hot. */
  readonly #unknown: Map<number, Set<number>> = new Map();
  /** How many were compiled since the machine was made, and how many came from the cache. */
  readonly compiled: Record<Shape, number> = { block: 0, region: 0 };
  readonly loaded: Record<Shape, number> = { block: 0, region: 0 };

  constructor(options: UnitsOptions) {
    this.#options = options;
    this.#view = new DataView(options.memory.buffer);
    this.#guest = new GuestPages(options.memory, options.pages);
    this.#cached = new CachedUnits(options);
    this.#nextPages = new NextPages(this.#view, (page) => this.#guest.of(page));
  }

  /**
   * Jumps have arrived at a place often enough: what the cache has of it is entered from now on; else it is compiled, once it is hot.
   * @param record of its decoded instruction
   */
  arrived(record: number, mode: Mode): void {
    const { pages, shapes, firstThreshold, blockThreshold } = this.#options;
    const address = pages.addressOf(record);
    if (address === undefined) return;
    const requests = shapes.map((shape) => ({ address, mode, shape }));
    const last = requests.at(-1);
    const page = pageOf(record, address);
    if (!last || requests.some((request) => this.#load(request, page))) return;
    const unknown = this.#unknownOn(page);
    if (firstThreshold === blockThreshold || unknown.has(record)) return this.request(last);
    if (!this.#isLoading) unknown.add(record);
    pages.countAgain(record, this.#isLoading ? RETRY_THRESHOLD : Math.min(CACHE_FACTOR * blockThreshold, MOST_COUNTED));
  }

  #unknownOn(page: number): Set<number> {
    const known = this.#unknown.get(page);
    if (known) return known;
    const records = new Set<number>();
    this.#unknown.set(page, records);
    return records;
  }

  /** Enters a unit of the cache, where there is one. */
  #load(request: CompileRequest, page: number, least = 0): boolean {
    const bytes = this.#guest.around(request.address);
    const findNext = (): Uint8Array | undefined => this.#guest.of(this.#pageAfter(request.mode, page));
    const found = this.#cached.find(request, bytes, findNext) ?? this.#adopted?.find(request, bytes, findNext);
    if (!found || found.unit.instructions <= least) return false;
    this.#enter(found.unit, found.code, found.origin);
    if (found.origin === "loaded") this.loaded[request.shape]++;
    return true;
  }

  #pageAfter(mode: Mode, page: number): number | undefined {
    return this.#options.pageAfter?.(mode, page);
  }

  /** One decoded page comes after another in an address space, both by their offsets. */
  join(page: number, next: number): void {
    this.#nextPages.join(page, next);
  }

  /** A place in the guest's code is hot: it is compiled with the next batch. */
  request(request: CompileRequest): void {
    const key = keyOf(request);
    if (this.#requested.has(key)) return;
    this.#requested.set(key, request);
    this.#waiting.push(request);
  }

  /** A unit is hot: a region is to take the place of a block, a larger one that of a region. @param record the unit's */
  hot(record: number): void {
    const unit = this.#byIndex.get(this.#view.getInt32(record, true));
    if (!unit) return;
    const request: CompileRequest = { address: unit.address, mode: unit.mode, shape: "region" };
    if (unit.shape === "block") return this.#grow(unit, request, 0);
    const nextPage = this.#guest.addressOf(this.#pageAfter(unit.mode, unit.page));
    const next = nextPage === undefined ? {} : { nextPage };
    this.#grow(unit, { ...request, ...next, inlines: true }, unit.instructions);
  }

  /** @param least how many instructions the new unit has to have more than */
  #grow(unit: Installed, request: CompileRequest, least: number): void {
    if (this.#load(request, unit.page, least)) return;
    if (this.#isLoading) this.#countAgain(unit, REGION_RETRY_THRESHOLD);
    else this.request(request);
  }

  #countAgain({ index }: Installed, count: number): void {
    this.#view.setInt32(UNITS.offset + index * UNITS.recordBytes + UNITS.counter, count, true);
  }

  /** True while units are being compiled elsewhere: the host should listen for them. */
  get isCompiling(): boolean {
    return this.#isCompiling || this.#isLoading;
  }

  get #isLoading(): boolean {
    return this.#cached.isLoading || this.#adopted?.isLoading === true;
  }

  /** Has what waits compiled. To be called between slices. */
  compileWaiting(): void {
    if (this.#waiting.length === 0 || this.#isCompiling || !this.#isWorthwhile()) return;
    const { compiler, memory } = this.#options;
    const requests = this.#takeBatch();
    if (!compiler) return this.#install(requests, compileBatch(memory, requests));
    this.#isCompiling = true;
    void compiler.compile(requests).then((batch) => {
      this.#isCompiling = false;
      this.#install(requests, batch);
    });
  }

  #isWorthwhile(): boolean {
    if (this.#waiting.length < WORTHWHILE_BATCH && this.#waited++ < this.#options.patience) return false;
    this.#waited = 0;
    return true;
  }

  /** Blocks first: while they are missing, their code is interpreted. Then the regions whose blocks are entered most. */
  #takeBatch(): readonly CompileRequest[] {
    const blocks = this.#waiting.filter(({ shape }) => shape === "block");
    const batch = blocks.length > 0 ? blocks.slice(0, BATCH) : this.#hottest(this.#waiting).slice(0, REGION_BATCH);
    const taken = new Set(batch);
    this.#waiting = this.#waiting.filter((request) => !taken.has(request));
    return batch;
  }

  /** By what is left on the counters of their blocks, which go on below 0. */
  #hottest(requests: readonly CompileRequest[]): readonly CompileRequest[] {
    const left = requests.map((request) => ({ request, count: this.#countLeft(request) }));
    return left.toSorted((a, b) => a.count - b.count).map(({ request }) => request);
  }

  #countLeft({ address, mode }: CompileRequest): number {
    const record = this.#options.pages.recordOf(address, mode);
    const unit = record === undefined ? undefined : this.#at(pageOf(record, address), address);
    return unit ? this.#view.getInt32(UNITS.offset + unit.index * UNITS.recordBytes + UNITS.counter, true) : 0;
  }

  #at(page: number, address: number): Installed | undefined {
    return this.#byPage.get(page)?.find((unit) => unit.address === address);
  }

  #install(requests: readonly CompileRequest[], batch: CompiledBatch | undefined): void {
    for (const request of requests) this.#requested.delete(keyOf(request));
    if (!batch) return;
    const { exports } = new WebAssembly.Instance(batch.module, { host: this.#options.host });
    this.#cached.add(batch, exports);
    batch.units.forEach((unit, index) => {
      if (!isCompiledFrom(unit, this.#guest.around(unit.address), unit.address % PAGE_BYTES)) return;
      this.compiled[unit.shape]++;
      this.#enter(unit, exports[`u${index}`], "compiled");
    });
  }

  /** Has a unit entered. One that takes another's place takes its index too, so that whatever leads to that one leads to it. */
  #enter(unit: CompiledUnit, code: unknown, origin: "compiled" | "loaded"): void {
    const { address, mode, shape } = unit;
    const { pages, table } = this.#options;
    const record = pages.recordOf(address, mode);
    if (record === undefined) return; // Its page was dropped meanwhile.
    const page = pageOf(record, address);
    const old = this.#at(page, address);
    const threshold = this.#thresholdOf(unit, old) * (origin === "loaded" ? CACHE_FACTOR : 1);
    const index = old?.index ?? this.#takeIndex();
    if (index === undefined) return pages.dropAll(); // There is no room: what is still in use comes back soon.
    if (old) this.#release(old);
    table.set(index, code);
    const unitRecord = UNITS.offset + index * UNITS.recordBytes;
    this.#view.setInt32(unitRecord, index, true);
    this.#view.setInt32(unitRecord + UNITS.counter, threshold, true);
    this.#view.setInt32(unitRecord + UNITS.counted, COUNTERS[shape][origin], true);
    pages.enter(record, unitRecord);
    const placed = { ...unit, index, page, threshold };
    this.#remember(placed);
    this.#nextPages.add(placed, unit.border === undefined ? undefined : this.#pageAfter(mode, page));
  }

  /**
   * Has units used that were compiled elsewhere, while the machine runs: places that are hot enter them from now on. They do not get into the
   * cache, which other machines run code of: whoever made them answers for this machine alone.
   */
  adopt(code: CodeCache): void {
    this.#adopted = new CachedUnits({ ...this.#options, cache: code });
    this.#unknown.clear();
  }

  /** Where units come from: what was compiled here and in earlier runs, and what was adopted. */
  caches(): readonly CodeCache[] {
    return [this.#cached, this.#adopted].flatMap((units) => units?.cache ?? []);
  }

  /** The units that are in use, and about how often each was entered: what a machine that goes on from here would compile first. */
  inUse(): readonly UsedUnit[] {
    return [...this.#byIndex.values()].map((unit) => ({ ...unit, uses: this.#entriesOf(unit) }));
  }

  /** The functions of the units that are in use, those that are entered most first. */
  functionsInUse(): readonly unknown[] {
    const units = [...this.#byIndex.values()].map((unit) => ({ index: unit.index, uses: this.#entriesOf(unit) }));
    return units.toSorted((a, b) => b.uses - a.uses).map(({ index }): unknown => this.#options.table.get(index));
  }

  /** Blocks count down until they ask to become regions; nobody counts how often regions are entered. */
  #entriesOf({ index, shape, threshold }: Installed): number {
    if (shape === "region" || threshold === 0) return REGION_THRESHOLD;
    const left = this.#view.getInt32(UNITS.offset + index * UNITS.recordBytes + UNITS.counter, true);
    return Math.max(0, Math.min(REGION_THRESHOLD, threshold - left));
  }

  /** How much is counted until a unit is hot. 0: it does not become so. @param old whose place it takes */
  #thresholdOf(unit: CompiledUnit, old: Installed | undefined): number {
    if (unit.shape === "block") return this.#options.regionThreshold;
    const hasGrown = old?.shape !== "region" || unit.instructions > old.instructions;
    return hasGrown ? this.#options.growthThreshold : 0;
  }

  #remember(unit: Installed): void {
    const list = this.#byPage.get(unit.page);
    if (list) list.push(unit);
    else this.#byPage.set(unit.page, [unit]);
    this.#byIndex.set(unit.index, unit);
  }

  #release(unit: Installed): void {
    const list = this.#byPage.get(unit.page);
    list?.splice(list.indexOf(unit), 1);
    this.#byIndex.delete(unit.index);
    this.#nextPages.remove(unit);
  }

  #free({ index }: Installed): void {
    this.#byIndex.delete(index);
    this.#freeIndices.push(index);
  }

  /** @returns undefined where all are taken */
  #takeIndex(): number | undefined {
    const { table, mostUnits = UNITS.count } = this.#options;
    const index = this.#freeIndices.pop() ?? (this.#nextIndex < mostUnits ? this.#nextIndex++ : undefined);
    if (index !== undefined && index >= table.length) table.grow(Math.max(1024, table.length));
    return index;
  }

  /** Forgets the units of a decoded page, by its offset. The caller empties the jump cache. @returns true where there were any */
  forget(page: number): boolean {
    this.#unknown.delete(page);
    this.#nextPages.forget(page);
    const list = this.#byPage.get(page);
    if (!list) return false;
    this.#byPage.delete(page);
    for (const unit of list) this.#free(unit);
    return list.length > 0;
  }
}

/** Offset of the decoded page that a record is on. @param address of its instruction */
function pageOf(record: number, address: number): number {
  return record - (address % PAGE_BYTES) * (DECODED.recordBytes / 2);
}

function keyOf({ address, mode, shape }: CompileRequest): string {
  return `${address} ${mode} ${shape}`;
}
