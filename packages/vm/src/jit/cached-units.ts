import type { CachedModule, CodeCache, FoundUnit } from "../cache/code-cache.ts";
import type { NativeCode } from "../cache/native-code.ts";
import { isShared } from "../processor/core-module.ts";
import { RAM_BASE } from "../memory/layout.ts";
import { encodeUnits } from "./compile-batch.ts";
import type { CompiledBatch, CompiledUnit, CompileRequest, UnitCompiler } from "./request.ts";

/** A unit of the cache, and its code. */
export type LoadedUnit = {
  readonly unit: CompiledUnit;
  readonly code: unknown;
  /** Was it compiled by this machine, and is met again, or by an earlier one? */
  readonly origin: "compiled" | "loaded";
};

/** Bytes of bodies that are made one module: V8 wants few and large ones, and has limits. */
const MODULE_BYTES = 4 * 2 ** 20;

/** The same beside a running machine, which waits for the first ones. */
const BACKGROUND_BYTES = 2 ** 19;

/** What the units of a cache are made to run with. */
export type CachedUnitsOptions = {
  readonly cache: CodeCache;
  readonly memory: WebAssembly.Memory;
  readonly host: Readonly<Record<string, WebAssembly.ImportValue>>;
  readonly compiler?: UnitCompiler;
  /** Makes modules of what was kept of them. Left out: their units are compiled anew. */
  readonly native?: NativeCode;
};

/**
 * The units of a code cache, for one machine. Those that there is machine code of are instantiated when one of their module is looked for;
 * the rest is compiled: the hottest first, beside the machine where it has a compiler.
 */
export class CachedUnits {
  readonly #options: CachedUnitsOptions;
  /** Functions by the index of their unit in the cache. */
  readonly #code: Map<number, unknown> = new Map();
  /** Modules that are not instantiated yet, by the index of each of their units. */
  readonly #modules: Map<number, CachedModule> = new Map();
  /** Indices of the units that this machine has compiled. */
  readonly #compiled: Set<number> = new Set();
  /** Modules that are still to come. */
  #loading = 0;

  constructor(options: CachedUnitsOptions) {
    this.#options = options;
    const { cache, native } = options;
    const modules = cache.modules.filter(({ module, stored }) => module ?? (native && stored));
    if (this.#canShareModules)
      for (const module of modules) for (const unit of module.units) this.#modules.set(unit, module);
    const missing = cache.units().filter(({ index }) => !this.#modules.has(index));
    for (const units of this.#chunks(missing)) void this.#load(units);
  }

  /** Modules of a cache are for memory that is shared, as is usual. */
  get #canShareModules(): boolean {
    return isShared(this.#options.memory);
  }

  get cache(): CodeCache {
    return this.#options.cache;
  }

  #chunks(units: readonly FoundUnit[]): Iterable<readonly FoundUnit[]> {
    return chunk(units, this.#options.compiler?.load ? BACKGROUND_BYTES : MODULE_BYTES);
  }

  async #load(units: readonly FoundUnit[]): Promise<void> {
    const { compiler, memory } = this.#options;
    const bytes = encodeUnits(
      units.map(({ body }) => body),
      isShared(memory),
    );
    const loaded = compiler?.load?.(bytes);
    if (!loaded) return this.#compile(units, bytes);
    this.#loading++;
    const module = await loaded;
    this.#loading--;
    if (module) this.#keep(units, module);
  }

  #compile(units: readonly FoundUnit[], bytes: Uint8Array<ArrayBuffer>): void {
    try {
      this.#keep(units, new WebAssembly.Module(bytes));
    } catch {
      // The file was whole, yet not what this engine writes: these units are compiled anew.
    }
  }

  #keep(found: readonly FoundUnit[], module: WebAssembly.Module): void {
    const units = found.map(({ index }) => index);
    this.#instantiate(units, module);
    if (this.#canShareModules) this.#options.cache.keepModule({ units, module });
  }

  #instantiate(units: readonly number[], module: WebAssembly.Module): void {
    const { exports } = new WebAssembly.Instance(module, { host: this.#options.host });
    units.forEach((index, position) => this.#code.set(index, exports[`u${position}`]));
  }

  /** Instantiates the module of a unit; where there is nothing of use in it any more, its units are compiled. */
  #open(index: number): unknown {
    const module = this.#modules.get(index);
    if (!module) return undefined;
    const { cache, native } = this.#options;
    for (const unit of module.units) this.#modules.delete(unit);
    const units = module.units.flatMap((unit) => cache.get(unit) ?? []);
    const bodies = units.map(({ body }) => body);
    module.module ??= module.stored && native?.load(module.stored, bodies);
    if (module.module) this.#instantiate(module.units, module.module);
    else {
      module.stored = undefined;
      void this.#load(units);
    }
    return this.#code.get(index);
  }

  /** True while units are still being loaded: the host should listen for them. */
  get isLoading(): boolean {
    return this.#loading > 0;
  }

  /** Finds the unit for a place, by the guest's bytes there. @param page 4096 bytes around it @param findNext finds those after them */
  find(request: CompileRequest, page: Uint8Array, findNext: () => Uint8Array | undefined): LoadedUnit | undefined {
    const offset = (request.address - RAM_BASE) % 4096;
    const { cache } = this.#options;
    const found = cache.find(request, page, offset, findNext);
    const code = found && (this.#code.get(found.index) ?? this.#open(found.index));
    if (!found || code === undefined) return undefined;
    cache.noteUse(found.index);
    return { unit: { ...found, ...request }, code, origin: this.#compiled.has(found.index) ? "compiled" : "loaded" };
  }

  /**
   * Keeps units that were compiled now: for when their code is met again, elsewhere or as its page was dropped, and for the next run.
   * @param exports of the module
   */
  add({ units, module }: CompiledBatch, exports: WebAssembly.Instance["exports"]): void {
    const { cache } = this.#options;
    const added = units.map(({ mode, shape, segments, code, border, instructions, body }) =>
      cache.add({ mode, shape, segments, code, border, instructions, body, uses: 1 }),
    );
    const found = added.flatMap((unit) => unit?.index ?? []);
    added.forEach((unit, position) => {
      if (!unit) return;
      this.#code.set(unit.index, exports[`u${position}`]);
      this.#compiled.add(unit.index);
    });
    if (this.#canShareModules && found.length === units.length) cache.keepModule({ units: found, module });
    if (this.#code.size > 2 * cache.statistics.units) this.#forgetDropped();
  }

  /** The cache is bounded: what it has dropped is not found any more. */
  #forgetDropped(): void {
    for (const index of this.#code.keys()) {
      if (this.#options.cache.get(index)) continue;
      this.#code.delete(index);
      this.#compiled.delete(index);
    }
  }
}

function* chunk(units: readonly FoundUnit[], mostBytes: number): Generator<readonly FoundUnit[]> {
  let part: FoundUnit[] = [];
  let bytes = 0;
  for (const unit of units) {
    part.push(unit);
    bytes += unit.body.length;
    if (bytes < mostBytes) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
