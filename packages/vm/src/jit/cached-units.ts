import type { CodeCache, FoundUnit } from "../cache/code-cache.ts";
import type { CachedUnit } from "../cache/unit.ts";
import type { MemoryDescription } from "../processor/core-module.ts";
import { RAM_BASE } from "../memory/layout.ts";
import { encodeUnits } from "./compile-batch.ts";
import type { CompiledUnit, CompileRequest, UnitCompiler } from "./request.ts";

/** A unit that was compiled in an earlier run, and its code of now. */
export type LoadedUnit = { readonly unit: CompiledUnit; readonly code: unknown };

/** Bytes of bodies that are made one module: V8 wants few and large ones, and has limits. */
const MODULE_BYTES = 4 * 2 ** 20;

/** The same beside a running machine, which waits for the first ones. */
const BACKGROUND_BYTES = 2 ** 19;

/** What the units of a cache are made to run with. */
export type CachedUnitsOptions = {
  readonly cache: CodeCache;
  readonly memoryDescription: MemoryDescription;
  readonly host: Readonly<Record<string, WebAssembly.ImportValue>>;
  readonly compiler?: UnitCompiler;
};

/** The units of a code cache, instantiated for one machine: the hottest first, beside the machine where it has a compiler. */
export class CachedUnits {
  readonly #options: CachedUnitsOptions;
  /** Functions by the index of their unit in the cache. */
  readonly #code: Map<number, unknown> = new Map();
  /** Modules that are still to come. */
  #loading = 0;

  constructor(options: CachedUnitsOptions) {
    this.#options = options;
    for (const units of this.#chunks(options.cache.units())) void this.#load(units);
  }

  /** Takes in more units, chunk after chunk, while the machine runs. */
  async adopt(units: readonly CachedUnit[]): Promise<void> {
    const { cache } = this.#options;
    const found = units.flatMap((unit) => cache.add(unit) ?? []);
    const missing = found.filter(({ index }) => !this.#code.has(index));
    for (const chunk of this.#chunks(missing)) await this.#load(chunk);
  }

  #chunks(units: readonly FoundUnit[]): Iterable<readonly FoundUnit[]> {
    return chunk(units, this.#options.compiler?.load ? BACKGROUND_BYTES : MODULE_BYTES);
  }

  async #load(units: readonly FoundUnit[]): Promise<void> {
    const { compiler, memoryDescription } = this.#options;
    const bytes = encodeUnits(
      units.map(({ body }) => body),
      memoryDescription,
    );
    const loaded = compiler?.load?.(bytes);
    if (!loaded) return this.#compile(units, bytes);
    this.#loading++;
    const module = await loaded;
    this.#loading--;
    if (module) this.#instantiate(units, module);
  }

  #compile(units: readonly FoundUnit[], bytes: Uint8Array<ArrayBuffer>): void {
    try {
      this.#instantiate(units, new WebAssembly.Module(bytes));
    } catch {
      // The file was whole, yet not what this engine writes: these units are compiled anew.
    }
  }

  #instantiate(units: readonly FoundUnit[], module: WebAssembly.Module): void {
    const { exports } = new WebAssembly.Instance(module, { host: this.#options.host });
    units.forEach(({ index }, position) => this.#code.set(index, exports[`u${position}`]));
  }

  /** True while units are still being loaded: the host should listen for them. */
  get isLoading(): boolean {
    return this.#loading > 0;
  }

  /** Finds the unit for a place, by the guest's bytes there. @param page 4096 bytes around it */
  find(request: CompileRequest, page: Uint8Array): LoadedUnit | undefined {
    const offset = (request.address - RAM_BASE) % 4096;
    const { cache } = this.#options;
    const found = cache.find(request.mode, request.shape, page, offset);
    const code = found && this.#code.get(found.index);
    if (!found || code === undefined) return undefined;
    cache.noteUse(found.index);
    return { unit: { ...found, ...request }, code };
  }

  /** Keeps a unit that was compiled now, for the next run. */
  add(unit: CompiledUnit): void {
    const { mode, shape, segments, code, instructions, body } = unit;
    this.#options.cache.add({ mode, shape, segments, code, instructions, body, uses: 1 });
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
