import type { Mode } from "../memory/layout.ts";
import { extendKey, keysOfUnit, runsThatFit, SHORT_RUNS, startKey } from "./entry-key.ts";
import { type CachedUnit, describeFault, isCompiledFrom, isSameUnit, type Shape, heldBytes } from "./unit.ts";

/** A unit of a cache. */
export type FoundUnit = CachedUnit & {
  /** Names the unit in its cache: never given to another, also after the unit was dropped for want of room. */
  readonly index: number;
};

/** Units that were compiled together; or the engine's core module, which has none. */
export type CachedModule = {
  /** Indices of the units that its functions are, in order. */
  readonly units: readonly number[];
  /** What the host made of them. Left out: nobody has needed it yet in this process. */
  module?: WebAssembly.Module | undefined;
  /** What the host kept of that in an earlier run. Left out: nothing, or nothing that it can use. */
  stored?: Uint8Array<ArrayBuffer> | undefined;
};

/** What a cache did since it was made. */
export type CacheStatistics = {
  /** How many units it has. */
  readonly units: number;
  /** What they take, about. */
  readonly bytes: number;
  /** Searches that found a unit; that found none. */
  readonly hits: number;
  readonly misses: number;
  /** Of these, how many met a unit that begins like the guest's code, but was compiled from other bytes. */
  readonly refused: number;
};

/** Options of a cache. */
export type CodeCacheOptions = {
  /** Most bytes that its units may take. */
  readonly maxBytes?: number;
};

/** What a cache may take where nobody says otherwise: some twelve times what booting Linux compiles. */
export const DEFAULT_MAX_BYTES: number = 64 * 2 ** 20;

/** Most units that share a place of the index. A guest can craft code whose keys collide: a search stays short all the same. */
const MOST_PER_BUCKET = 64;
/** A unit that was used in this many runs makes way after as many without it. */
const MOST_USES = 8;
/** A module is taken from another cache where at least this part of its units is wanted. */
const WANTED_PART = 0.25;
/** An index is a slot plus a multiple of this, which grows whenever a slot is used again. */
const SLOTS = 2 ** 24;

type StoredUnit = {
  -readonly [Name in keyof FoundUnit]: FoundUnit[Name];
} & {
  readonly key: number;
  readonly short: number;
  readonly bytes: number;
  /** Grows with each use; what came from a file is older than all uses. */
  lastUse: number;
  next: StoredUnit | undefined;
};

/** What was compiled, found by the guest bytes that it was compiled from. Hashes only narrow the search: all bytes are compared. */
export class CodeCache {
  readonly maxBytes: number;
  #modules: CachedModule[] = [];
  /** Where the chain of the units begins whose keys share a place: slot of the first. */
  #buckets: Int32Array = new Int32Array(1024);
  /** A bit for each way in which units begin. Those of dropped units stay until the index is made anew: a search more, no more. */
  #beginnings: Int32Array = new Int32Array(1024);
  /** By slot; slot 0 is nobody's. */
  #units: (StoredUnit | undefined)[] = [undefined];
  #freeSlots: number[] = [];
  #reused = 0;
  #count = 0;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #refused = 0;
  #clock = 0;
  /** No unit was used less. */
  #leastUses = Number.POSITIVE_INFINITY;

  constructor({ maxBytes = DEFAULT_MAX_BYTES }: CodeCacheOptions = {}) {
    this.maxBytes = maxBytes;
  }

  /** The modules that units are in, as the host has compiled them by now. */
  get modules(): readonly CachedModule[] {
    return this.#modules;
  }

  /** The core module, as the host has compiled it. */
  get core(): CachedModule | undefined {
    return this.#modules.find(({ units }) => units.length === 0);
  }

  /** Notes that the host has compiled units, so that other machines use the same code, and later runs, too, where it can be kept. */
  keepModule(module: CachedModule): void {
    this.#modules.push(module);
  }

  /** What it did. */
  get statistics(): CacheStatistics {
    return {
      units: this.#count,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      refused: this.#refused,
    };
  }

  /** False where `find` would find nothing: some 50 ns. Counts nothing. Parameters are those of `find`. */
  mayFind(mode: Mode, shape: Shape, page: Uint8Array, offset: number): boolean {
    const runs = Math.min(runsThatFit(offset), SHORT_RUNS);
    let key = startKey(mode, shape);
    for (let index = 0; index < runs; index++) {
      key = extendKey(key, page, offset, index);
      if (((this.#beginnings[(key >>> 5) & (this.#beginnings.length - 1)] ?? 0) >>> (key & 31)) & 1) return true;
    }
    return false;
  }

  /**
   * Finds the unit for a place in the guest's code: where there are several, that with the most instructions.
   * @param page 4096 bytes @param offset of the place in the page, 0 to 4095
   * @param findNext finds the page after it; where it finds none, units that go on there are found whatever it is
   */
  find(
    { mode, shape }: Pick<CachedUnit, "mode" | "shape">,
    page: Uint8Array,
    offset: number,
    findNext?: () => Uint8Array | undefined,
  ): FoundUnit | undefined {
    const runs = this.mayFind(mode, shape, page, offset) ? runsThatFit(offset) : 0;
    let best: StoredUnit | undefined;
    let refused = 0;
    let key = startKey(mode, shape);
    for (let index = 0; index < runs; index++) {
      key = extendKey(key, page, offset, index);
      for (let unit = this.#first(key); unit; unit = unit.next) {
        if (unit.key !== key || unit.mode !== mode || unit.shape !== shape) continue;
        if (best && best.instructions >= unit.instructions) continue;
        if (isCompiledFrom(unit, page, offset, findNext)) best = unit;
        else refused = 1;
      }
    }
    this.#countSearch(best, refused);
    return best;
  }

  #countSearch(found: StoredUnit | undefined, refused: number): void {
    if (found) this.#hits++;
    else {
      this.#misses++;
      this.#refused += refused;
    }
  }

  /** The unit of an index. */
  get(index: number): FoundUnit | undefined {
    return this.#at(index);
  }

  #at(index: number): StoredUnit | undefined {
    const unit = this.#units[index % SLOTS];
    return unit?.index === index ? unit : undefined;
  }

  /** A unit was used. What counts for how long it is kept is in how many runs it was. */
  noteUse(index: number): void {
    const unit = this.#at(index);
    if (!unit) return;
    if (unit.lastUse <= 0) unit.uses = Math.min(unit.uses + 1, MOST_USES);
    unit.lastUse = ++this.#clock;
  }

  /**
   * Takes a unit in; where there is no room, in the place of units that were used less. A guest that runs more code than fits would
   * else push out what it needs next, in each run anew.
   * @returns the unit, or the same one that was there; undefined where it is none, or there is no room for it
   */
  add(unit: CachedUnit): FoundUnit | undefined {
    const bytes = heldBytes(unit);
    if (bytes > this.maxBytes || describeFault(unit) !== undefined) return undefined;
    const isRoom = this.#bytes + bytes <= this.maxBytes || this.#makeRoom(bytes, unit.uses);
    return isRoom ? this.#insert(unit, ++this.#clock) : this.#same(unit, keysOfUnit(unit).key);
  }

  /** Takes in all units of another cache. Of both, those that are used most stay. What the other had and did not use counts for less. */
  merge(other: CodeCache): void {
    const indices = new Map<number, number>();
    for (const [position, unit] of other.#byHeat().entries()) {
      const merged = this.#insert(unit, -position);
      if (unit.lastUse <= 0) merged.uses = Math.max(0, merged.uses - 1);
      indices.set(unit.index, merged.index);
    }
    this.#mergeModules(other.#modules, indices);
    this.#shrink(this.maxBytes);
  }

  /** Takes in those modules of another cache that are made of units which this one has, for a good part: with their other units. */
  takeModules(other: CodeCache): void {
    for (const module of other.#modules) {
      const units = module.units.flatMap((index) => other.#at(index) ?? []);
      const known = units.filter((unit) => this.#same(unit, unit.key));
      if (units.length < module.units.length || known.length < units.length * WANTED_PART) continue;
      this.keepModule({ ...module, units: units.map((unit) => this.#insert({ ...unit, uses: 0 }, 0).index) });
    }
  }

  /** Of two modules with the same unit, or without any, the other cache's stays. @param indices by those of the other cache */
  #mergeModules(others: readonly CachedModule[], indices: ReadonlyMap<number, number>): void {
    const added = others.map((module) => ({ ...module, units: module.units.map((unit) => indices.get(unit) ?? 0) }));
    const covered = new Set(added.flatMap(contentOf));
    const left = this.#modules.filter((module) => !contentOf(module).some((unit) => covered.has(unit)));
    this.#modules = [...added, ...left];
  }

  /**
   * Takes in many units, hottest first, as older ones than all that were used here. Those that are no units are left out.
   * @returns the units in the order in which they came, and why the last of those that are none is none
   */
  addAll(units: Iterable<CachedUnit>): { readonly added: readonly FoundUnit[]; readonly fault: string | undefined } {
    let refusal: string | undefined;
    const added: FoundUnit[] = [];
    for (const unit of units) {
      const fault = describeFault(unit);
      if (fault === undefined) added.push(this.#insert(unit, -added.length));
      else refusal = `unit ${added.length}: ${fault}`;
    }
    this.#shrink(this.maxBytes);
    return { added, fault: refusal };
  }

  /** All units, those that are used most first; of equals, the one used last. */
  units(): readonly FoundUnit[] {
    return this.#byHeat();
  }

  #byHeat(): StoredUnit[] {
    return this.#units.filter((unit) => unit !== undefined).sort(byHeat);
  }

  #insert(unit: CachedUnit, lastUse: number): StoredUnit {
    const { key, short } = keysOfUnit(unit);
    const known = this.#same(unit, key);
    if (known) {
      known.uses = Math.max(known.uses, unit.uses);
      known.lastUse = Math.max(known.lastUse, lastUse);
      return known;
    }
    if (this.#count >= this.#buckets.length / 2) this.#indexAnew(this.#buckets.length * 2);
    this.#thin(key);
    const index = this.#takeIndex();
    const stored = storeUnit(unit, { index, key, short, lastUse });
    this.#units[index % SLOTS] = stored;
    this.#link(stored);
    this.#count++;
    this.#bytes += stored.bytes;
    this.#leastUses = Math.min(this.#leastUses, stored.uses);
    return stored;
  }

  #takeIndex(): number {
    const free = this.#freeSlots.pop();
    return free === undefined ? this.#units.length : free + ++this.#reused * SLOTS;
  }

  #same(unit: CachedUnit, key: number): StoredUnit | undefined {
    for (let other = this.#first(key); other; other = other.next)
      if (other.key === key && isSameUnit(other, unit)) return other;
    return undefined;
  }

  #first(key: number): StoredUnit | undefined {
    return this.#units[this.#buckets[key & (this.#buckets.length - 1)] ?? 0];
  }

  #link(unit: StoredUnit): void {
    unit.next = this.#first(unit.key);
    this.#buckets[unit.key & (this.#buckets.length - 1)] = unit.index % SLOTS;
    const word = (unit.short >>> 5) & (this.#beginnings.length - 1);
    this.#beginnings[word] = (this.#beginnings[word] ?? 0) | (1 << (unit.short & 31));
  }

  /** @param count of places: a power of two */
  #indexAnew(count: number): void {
    this.#buckets = new Int32Array(count);
    this.#beginnings = new Int32Array(count);
    for (const unit of this.#units) if (unit) this.#link(unit);
  }

  /** Drops the coldest unit of a bucket that is full. */
  #thin(key: number): void {
    let coldest = this.#first(key);
    let count = 0;
    for (let unit = coldest; unit && coldest; unit = unit.next) {
      if (byHeat(unit, coldest) > 0) coldest = unit;
      count++;
    }
    if (coldest && count >= MOST_PER_BUCKET) this.#drop(coldest);
  }

  /** Drops units that were used less than one that comes, for that one and some more. @returns whether there is room for it */
  #makeRoom(bytes: number, uses: number): boolean {
    if (uses <= this.#leastUses) return false;
    this.#shrink(Math.min(this.maxBytes * 0.875, this.maxBytes - bytes), uses);
    return this.#bytes + bytes <= this.maxBytes;
  }

  /** Drops the coldest until so many bytes are left; none that was used as often as `spared`. */
  #shrink(bytes: number, spared: number = Number.POSITIVE_INFINITY): void {
    if (this.#bytes <= bytes) return;
    const units = this.#byHeat();
    for (let coldest = units.at(-1); coldest && this.#bytes > bytes && coldest.uses < spared; coldest = units.at(-1)) {
      this.#drop(coldest);
      units.pop();
    }
    this.#leastUses = units.at(-1)?.uses ?? Number.POSITIVE_INFINITY;
    this.#indexAnew(this.#buckets.length);
    this.#modules = this.#modules.filter((module) => module.units.every((unit) => this.#at(unit)));
  }

  #drop(unit: StoredUnit): void {
    const first = this.#first(unit.key);
    if (first === unit) this.#buckets[unit.key & (this.#buckets.length - 1)] = (unit.next?.index ?? 0) % SLOTS;
    for (let other = first; other; other = other.next) if (other.next === unit) other.next = unit.next;
    this.#units[unit.index % SLOTS] = undefined;
    this.#freeSlots.push(unit.index % SLOTS);
    this.#count--;
    this.#bytes -= unit.bytes;
  }
}

/** Stands for what a module holds that has no units. */
const CORE = -1;

function contentOf({ units }: CachedModule): readonly number[] {
  return units.length > 0 ? units : [CORE];
}

function storeUnit(unit: CachedUnit, place: Pick<StoredUnit, "index" | "key" | "short" | "lastUse">): StoredUnit {
  return {
    mode: unit.mode,
    shape: unit.shape,
    segments: unit.segments,
    code: unit.code,
    border: unit.border,
    instructions: unit.instructions,
    body: unit.body,
    uses: unit.uses,
    index: place.index,
    key: place.key,
    short: place.short,
    bytes: heldBytes(unit),
    lastUse: place.lastUse,
    next: undefined,
  };
}

function byHeat(one: StoredUnit, other: StoredUnit): number {
  return other.uses - one.uses || other.lastUse - one.lastUse;
}
