import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { VmError } from "../error.ts";
import { decodeCache, encodeCache, readCacheHeader } from "./cache-file.ts";
import { CHECKSUM_BYTES, checksum } from "./checksum.ts";
import { CodeCache } from "./code-cache.ts";
import { numberedPage, placedUnits, straightUnit } from "./testing/units.ts";
import type { CachedUnit } from "./unit.ts";

const ENGINE = "cloister 0.1.0 rv64gc";
const caches = fc.array(placedUnits, { maxLength: 12 }).map((placed) => {
  const cache = new CodeCache();
  for (const { unit } of placed) cache.add(unit);
  return cache;
});

const content = (cache: CodeCache): readonly CachedUnit[] =>
  cache.units().map(({ mode, shape, segments, code, border, instructions, body, uses }) => ({
    mode,
    shape,
    segments,
    border,
    instructions,
    uses,
    code: Uint8Array.from(code),
    body: Uint8Array.from(body),
  }));

const refuses = (bytes: Uint8Array<ArrayBuffer>, reason: RegExp): void =>
  assert.throws(
    () => decodeCache(bytes, ENGINE),
    (error) => error instanceof VmError && error.code === "cache_invalid" && reason.test(error.message),
  );

/** Makes the checksum right again: what somebody would do who wants damage to be believed. */
function seal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  bytes.set(checksum(bytes.subarray(0, -CHECKSUM_BYTES)), bytes.length - CHECKSUM_BYTES);
  return bytes;
}

test("what was written is read again, in the same order, also from the middle of a buffer", () => {
  fc.assert(
    fc.property(caches, fc.nat(9), (cache, gap) => {
      const file = encodeCache(cache, ENGINE);
      const buffer = new Uint8Array(file.length + 20);
      buffer.set(file, gap);
      const read = decodeCache(buffer.subarray(gap, gap + file.length), ENGINE);
      assert.deepEqual(content(read), content(cache));
      assert.deepEqual(encodeCache(read, ENGINE), file);
    }),
  );
});

test("a file with any damage is refused", () => {
  fc.assert(
    fc.property(
      caches,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
      (cache, damage) => {
        const file = encodeCache(cache, ENGINE);
        const damaged = file.slice();
        for (const [place, mask] of damage) damaged[place % file.length] = (damaged[place % file.length] ?? 0) ^ mask;
        if (Buffer.compare(damaged, file) !== 0) refuses(damaged, /./v);
      },
    ),
    { numRuns: 300 },
  );
});

test("a file that is cut short, or has something behind it, is refused at every length", () => {
  const cache = new CodeCache();
  cache.add(straightUnit(numberedPage(), 100, 8));
  const file = encodeCache(cache, ENGINE);
  for (let length = 0; length < file.length; length++) refuses(file.slice(0, length), /./v);
  refuses(Uint8Array.from([...file, 0]), /bytes, where its header says/v);
});

test("damage with a right checksum is refused, or read as units that are sound", () => {
  fc.assert(
    fc.property(
      caches,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff)), { minLength: 1, maxLength: 4 }),
      (cache, damage) => {
        const file = encodeCache(cache, ENGINE);
        const reach = Math.min(file.length - CHECKSUM_BYTES, 400);
        for (const [place, value] of damage) file[8 + (place % (reach - 8))] = value;
        try {
          const read = decodeCache(seal(file), ENGINE);
          assert.deepEqual(content(decodeCache(encodeCache(read, ENGINE), ENGINE)), content(read));
        } catch (error) {
          assert.ok(error instanceof VmError && error.code === "cache_invalid", String(error));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("arbitrary bytes are refused", () => {
  const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  fc.assert(fc.property(anyBytes, (bytes) => refuses(bytes, /no file of compiled units/v)));
});

const LARGEST = 0xffff_ffff;
for (const [name, at, value, reason] of [
  ["no magic", 0, 0x4e55_4389 + 1, /no file of compiled units/v],
  ["another version of the format", 8, 1, /its format has version 1, this engine reads 4/v],
  ["a long identification", 12, 257, /identification is too long/v],
  ["no identification", 12, 0, /identification is none/v],
  ["an identification that isn't text", 36, 0, /identification is none/v],
  ["more units than a file may have", 16, LARGEST, /4294967295 units/v],
  ["more segments than a file may have", 20, LARGEST, /4294967295 segments/v],
  ["more units than there are", 16, 2, /where its header says/v],
  ["code without bound", 24, LARGEST, /where its header says/v],
  ["bodies without bound", 28, LARGEST, /where its header says/v],
  ["machine code without bound", 32, LARGEST, /where its header says/v],
  ["a unit of an unknown mode", 57, 5, /unit 0: its mode is 5/v],
  ["a unit of an unknown shape", 58, 2, /unit 0 has no shape/v],
  ["a unit with too many segments", 59, 9, /unit 0 has no shape, or reaches beyond its part/v],
  ["a unit with too much code", 63, 100, /unit 0 has no shape, or reaches beyond its part/v],
  ["a unit with too large a body", 65, LARGEST, /unit 0 has no shape, or reaches beyond its part/v],
  ["a unit with too small a body", 65, 2, /parts are larger than its units/v],
] as const)
  test(`a sealed file with ${name} is refused with that reason`, () => {
    const cache = new CodeCache();
    cache.add(straightUnit(numberedPage(), 100, 8));
    const file = encodeCache(cache, ENGINE);
    const view = new DataView(file.buffer);
    if (at < 57 || at === 65) view.setUint32(at, value, true);
    else file[at] = value;
    refuses(seal(file), reason);
  });

test("a file of another engine is refused, and named", () => {
  refuses(
    encodeCache(new CodeCache(), "cloister 0.0.9"),
    /of the engine cloister 0\.0\.9, this is cloister 0\.1\.0 rv64gc/v,
  );
});

for (const engine of ["", "a\n", "ü", "x".repeat(257)])
  test(`nothing is written for an engine called ${JSON.stringify(engine.slice(0, 5))} (${engine.length})`, () => {
    assert.throws(
      () => encodeCache(new CodeCache(), engine),
      (error) => error instanceof VmError && error.code === "option_invalid",
    );
  });

test("a file that holds more than the cache may take gives the hottest of it", () => {
  const cache = new CodeCache();
  for (let index = 0; index < 40; index++) cache.add({ ...straightUnit(numberedPage(), index * 100, 40), uses: index });
  const read = decodeCache(encodeCache(cache, ENGINE), ENGINE, { maxBytes: cache.statistics.bytes / 4 });
  assert.deepEqual(
    read.units().map(({ body }) => body),
    cache
      .units()
      .slice(0, 10)
      .map(({ body }) => body),
  );
});

test("the header alone says which engine made a file, and how large it is", () => {
  const cache = new CodeCache();
  cache.add(straightUnit(numberedPage(), 100, 8));
  const header = { engine: ENGINE, units: 1, segments: 1, codeBytes: 8, bodyBytes: 4, nativeBytes: 0 };
  assert.deepEqual(readCacheHeader(encodeCache(cache, ENGINE).subarray(0, 60)), header);
});
