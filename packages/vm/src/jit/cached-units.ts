import type { CodeCache } from "../cache/code-cache.ts";
import type { MemoryDescription } from "../processor/core-module.ts";
import { RAM_BASE } from "../memory/layout.ts";
import { encodeUnits } from "./compile-batch.ts";
import type { CompiledUnit, CompileRequest } from "./request.ts";

/** A unit that was compiled in an earlier run, and its code of now. */
export type LoadedUnit = { readonly unit: CompiledUnit; readonly code: unknown };

/** Bytes of bodies that are made one module: V8 wants few and large ones, and has limits. */
const MODULE_BYTES = 4 * 2 ** 20;

/** The units of a code cache, instantiated for one machine: the hottest in the first module. */
export class CachedUnits {
  readonly #cache: CodeCache;
  /** Functions by the index of their unit in the cache. */
  readonly #code: Map<number, unknown> = new Map();

  constructor(
    cache: CodeCache,
    description: MemoryDescription,
    host: Readonly<Record<string, WebAssembly.ImportValue>>,
  ) {
    this.#cache = cache;
    for (const units of chunk(cache.units())) {
      const bytes = encodeUnits(
        units.map(({ body }) => body),
        description,
      );
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host });
      units.forEach(({ index }, position) => this.#code.set(index, exports[`u${position}`]));
    }
  }

  /** True where there are none. */
  get isEmpty(): boolean {
    return this.#code.size === 0;
  }

  /** Finds the unit for a place, by the guest's bytes there. @param page 4096 bytes around it */
  find(request: CompileRequest, page: Uint8Array): LoadedUnit | undefined {
    const offset = (request.address - RAM_BASE) % 4096;
    const found = this.#cache.find(request.mode, request.shape, page, offset);
    const code = found && this.#code.get(found.index);
    if (!found || code === undefined) return undefined;
    this.#cache.noteUse(found.index);
    return { unit: { ...found, ...request }, code };
  }

  /** Keeps a unit that was compiled now, for the next run. */
  add(unit: CompiledUnit): void {
    const { mode, shape, segments, code, instructions, body } = unit;
    this.#cache.add({ mode, shape, segments, code, instructions, body, uses: 1 });
  }
}

function* chunk<T extends { readonly body: Uint8Array }>(units: readonly T[]): Generator<readonly T[]> {
  let part: T[] = [];
  let bytes = 0;
  for (const unit of units) {
    part.push(unit);
    bytes += unit.body.length;
    if (bytes < MODULE_BYTES) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
