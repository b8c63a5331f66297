import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeCache, encodeCache } from "./cache-file.ts";
import { CodeCache, type FoundUnit } from "./code-cache.ts";
import type { NativeCode } from "./native-code.ts";
import { decodeNativePart, encodeNativePart } from "./native-part.ts";
import { numberedPage, straightUnit } from "./testing/units.ts";

const ENGINE = "cloister 0.1.0 rv64gc";
const UNITS = 12;
const page = numberedPage();

/** A host that gives out nothing new. */
const HOST: NativeCode = { save: () => undefined, load: () => undefined, optimize: () => undefined };

/** A cache of units, some of them in modules that were loaded from a file. */
const cachesWithModules = fc
  .array(
    fc.tuple(fc.uniqueArray(fc.nat(UNITS - 1), { maxLength: 5 }), fc.uint8Array({ minLength: 1, maxLength: 40 })),
    {
      maxLength: 6,
    },
  )
  .map((modules) => {
    const cache = new CodeCache();
    const units = Array.from({ length: UNITS }, (_, index) => cache.add(straightUnit(page, index * 100, 8)));
    for (const [members, stored] of modules)
      cache.keepModule({
        units: members.map((member) => units[member]?.index ?? 0),
        stored: Uint8Array.from(stored),
      });
    return cache;
  });

/** What the modules of a cache are: their units by what these were compiled to, and their code. */
function content(cache: CodeCache): readonly unknown[] {
  return cache.modules.map(({ units, stored }) => [units.map((unit) => cache.get(unit)?.body), stored]);
}

test("modules come back from a file with their units and their code", () => {
  fc.assert(
    fc.property(cachesWithModules, (cache) => {
      const file = encodeCache(cache, ENGINE, HOST);
      assert.deepEqual(content(decodeCache(file, ENGINE)), content(cache));
    }),
  );
});

test("a file that was written without a host has no machine code", () => {
  fc.assert(
    fc.property(cachesWithModules, (cache) => {
      assert.deepEqual(decodeCache(encodeCache(cache, ENGINE), ENGINE).modules, []);
    }),
  );
});

test("a module of a unit that was dropped is not kept", () => {
  const cache = new CodeCache();
  const unit = cache.add(straightUnit(page, 0, 8));
  cache.keepModule({ units: [unit?.index ?? 0], stored: Uint8Array.of(1) });
  cache.keepModule({ units: [unit?.index ?? 0, 999], stored: Uint8Array.of(2) });
  const kept = decodeCache(encodeCache(cache, ENGINE, HOST), ENGINE).modules;
  assert.deepEqual(
    kept.map(({ stored }) => stored),
    [Uint8Array.of(1)],
  );
});

test("machine code takes at most twice what the units may", () => {
  const cache = new CodeCache({ maxBytes: 1000 });
  const unit = cache.add(straightUnit(page, 0, 8));
  for (let index = 0; index < 5; index++)
    cache.keepModule({ units: [unit?.index ?? 0], stored: new Uint8Array(900).fill(index) });
  assert.equal(decodeCache(encodeCache(cache, ENGINE, HOST), ENGINE).modules.length, 2);
});

test("anything else is refused, or read as modules of the file's units that fill it", () => {
  const units = Array.from({ length: 3 }, (_, index): FoundUnit => ({
    ...straightUnit(page, index * 100, 8),
    index: index + 7,
  }));
  const anything = fc.uint8Array({ maxLength: 60 });
  const changed = fc.tuple(cachesWithModules, fc.nat(), fc.nat(255)).map(([cache, place, value]) => {
    const part = encodeNativePart(cache.units(), cache, HOST);
    return part.map((byte, index) => (index === place % Math.min(part.length, 40) ? value : byte));
  });
  fc.assert(
    fc.property(fc.oneof(anything, changed), (bytes) => {
      const part = Uint8Array.from(bytes);
      const modules = decodeNativePart(part, units) ?? [];
      for (const { units: members } of modules) for (const member of members) assert.ok([0, 7, 8, 9].includes(member));
      const stored = modules.reduce((total, module) => total + (module.stored?.length ?? 0), 0);
      const numbers = modules.reduce((total, module) => total + 8 + 4 * module.units.length, 4);
      if (modules.length > 0) assert.equal(numbers + stored, part.length);
    }),
    { numRuns: 500 },
  );
});
