import type { DecodedPages } from "../interpreter/decoded-pages.ts";
import { type Mode, RAM_OFFSET, UNITS } from "../memory/layout.ts";
import type { MemoryDescription } from "../processor/core-module.ts";
import { compileBatch, isCurrent } from "./compile-batch.ts";
import type { CompiledBatch, CompiledUnit, CompileRequest, Shape, UnitCompiler } from "./request.ts";

/** What compiled units need of the rest. */
export type UnitsOptions = {
  readonly memory: WebAssembly.Memory;
  readonly memoryDescription: MemoryDescription;
  readonly table: WebAssembly.Table;
  readonly pages: DecodedPages;
  readonly host: Readonly<Record<string, WebAssembly.ImportValue>>;
  /** Where to compile. Left out: here, between two slices. */
  readonly compiler?: UnitCompiler;
  /** How often a block is entered before it becomes a region; 0: never. */
  readonly regionThreshold: number;
  /** A unit took another's place: whoever knows that one by its address must forget it. */
  readonly onReplace: () => void;
};

/** A unit that is in use. */
type Installed = Omit<CompiledUnit, "body"> & { readonly index: number };

/** How many units wait before they are compiled together, while others are being compiled. */
const BATCH = 512;

/** The compiled units of a machine. */
export class Units {
  readonly #options: UnitsOptions;
  readonly #view: DataView;
  readonly #ram: Uint8Array;
  readonly #byPage: Map<number, Installed[]> = new Map();
  readonly #byIndex: Map<number, Installed> = new Map();
  /** What was asked for and is not there yet, by `keyOf`. */
  readonly #requested: Map<string, CompileRequest> = new Map();
  #waiting: CompileRequest[] = [];
  #isCompiling = false;
  readonly #freeIndices: number[] = [];
  #nextIndex = 1;
  /** How many were compiled since the machine was made. */
  readonly compiled: Record<Shape, number> = { block: 0, region: 0 };

  constructor(options: UnitsOptions) {
    this.#options = options;
    this.#view = new DataView(options.memory.buffer);
    this.#ram = new Uint8Array(options.memory.buffer, RAM_OFFSET);
  }

  /** A place in the guest's code is hot: it is compiled with the next batch. */
  request(request: CompileRequest): void {
    const key = keyOf(request);
    if (this.#requested.has(key)) return;
    this.#requested.set(key, request);
    this.#waiting.push(request);
  }

  /** A block is hot: a region is to take its place. @param record the unit's */
  requestRegion(record: number): void {
    const unit = this.#byIndex.get(this.#view.getInt32(record, true));
    if (unit) this.request({ address: unit.address, mode: unit.mode, shape: "region" });
  }

  /** True while units are being compiled elsewhere: the host should listen for them. */
  get isCompiling(): boolean {
    return this.#isCompiling;
  }

  /** Has what waits compiled. To be called between slices. */
  compileWaiting(): void {
    if (this.#waiting.length === 0 || this.#isCompiling) return;
    const { compiler, memory, memoryDescription } = this.#options;
    const requests = this.#waiting.splice(0, BATCH);
    if (!compiler) return this.#install(requests, compileBatch(memory, memoryDescription, requests));
    this.#isCompiling = true;
    void compiler.compile(requests).then((batch) => {
      this.#isCompiling = false;
      this.#install(requests, batch);
    });
  }

  #install(requests: readonly CompileRequest[], batch: CompiledBatch | undefined): void {
    for (const request of requests) this.#requested.delete(keyOf(request));
    if (!batch) return;
    const { exports } = new WebAssembly.Instance(batch.module, { host: this.#options.host });
    let isReplaced = false;
    batch.units.forEach((unit, index) => {
      if (!isCurrent(this.#ram, unit)) return;
      isReplaced = this.#enter(unit, exports[`u${index}`]) || isReplaced;
    });
    if (isReplaced) this.#options.onReplace();
  }

  /** @returns true where it took another unit's place */
  #enter(unit: CompiledUnit, code: unknown): boolean {
    const { address, mode, shape } = unit;
    const { pages, table, regionThreshold } = this.#options;
    const record = pages.recordOf(address, mode);
    if (record === undefined) return false; // Its page was dropped meanwhile.
    const old = this.#at(address, mode);
    if (old) this.#release(old);
    const index = this.#takeIndex();
    table.set(index, code);
    const unitRecord = UNITS.offset + index * UNITS.recordBytes;
    this.#view.setInt32(unitRecord, index, true);
    this.#view.setInt32(unitRecord + UNITS.counter, regionThreshold, true);
    pages.enter(record, unitRecord);
    const { body: _, ...kept } = unit;
    this.#remember({ ...kept, index });
    this.compiled[shape]++;
    return old !== undefined;
  }

  #at(address: number, mode: Mode): Installed | undefined {
    return this.#byPage.get(pageOf(address))?.find((unit) => unit.address === address && unit.mode === mode);
  }

  #remember(unit: Installed): void {
    const page = pageOf(unit.address);
    const list = this.#byPage.get(page);
    if (list) list.push(unit);
    else this.#byPage.set(page, [unit]);
    this.#byIndex.set(unit.index, unit);
  }

  #release(unit: Installed): void {
    const list = this.#byPage.get(pageOf(unit.address));
    list?.splice(list.indexOf(unit), 1);
    this.#free(unit);
  }

  #free({ index }: Installed): void {
    this.#byIndex.delete(index);
    this.#freeIndices.push(index);
  }

  #takeIndex(): number {
    const index = this.#freeIndices.shift() ?? this.#nextIndex++;
    const { table } = this.#options;
    if (index >= table.length) table.grow(Math.max(1024, table.length));
    return index;
  }

  /** Forgets the units of a page. The caller empties the jump cache. @returns true where there were any */
  forget(page: number): boolean {
    const list = this.#byPage.get(page);
    if (!list) return false;
    this.#byPage.delete(page);
    for (const unit of list) this.#free(unit);
    return list.length > 0;
  }
}

function keyOf({ address, mode, shape }: CompileRequest): string {
  return `${address} ${mode} ${shape}`;
}

function pageOf(address: number): number {
  return Math.floor(address / 4096);
}
