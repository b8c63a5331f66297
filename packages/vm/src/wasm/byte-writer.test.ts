import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ByteWriter } from "./byte-writer.ts";

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter(1);
  write(writer);
  return Buffer.from(writer.take()).toString("hex");
}

/** Figures 22 and 23 of DWARF 5, and the edges of one byte more. */
const UNSIGNED = [
  [0, "00"],
  [2, "02"],
  [127, "7f"],
  [128, "8001"],
  [129, "8101"],
  [12857, "b964"],
  [0xffff_ffff, "ffffffff0f"],
] as const;

const SIGNED = [
  [0, "00"],
  [2, "02"],
  [-2, "7e"],
  [63, "3f"],
  [64, "c000"],
  [-64, "40"],
  [-65, "bf7f"],
  [127, "ff00"],
  [-127, "817f"],
  [128, "8001"],
  [-128, "807f"],
  [-129, "ff7e"],
  [0x7fff_ffff, "ffffffff07"],
  [-0x8000_0000, "8080808078"],
] as const;

for (const [value, hex] of UNSIGNED)
  test(`${value} is written unsigned as ${hex}`, () =>
    assert.equal(
      written((writer) => writer.unsigned(value)),
      hex,
    ));

for (const [value, hex] of SIGNED)
  test(`${value} is written signed as ${hex}, of 32 bits and of 64`, () => {
    assert.equal(
      written((writer) => writer.signed(value)),
      hex,
    );
    assert.equal(
      written((writer) => writer.signed64(value, value >> 31)),
      hex,
    );
  });

/** Signed LEB128 by its definition. */
function reference(value: bigint): string {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    const isLast = rest >> 6n === 0n || rest >> 6n === -1n;
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return Buffer.from(bytes).toString("hex");
  }
}

test("every signed 64-bit number is written as LEB128 defines it", () => {
  const numbers = fc.tuple(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), fc.integer({ min: 0, max: 63 }));
  const check = fc.property(numbers, ([wide, shift]) => {
    const value = wide >> BigInt(shift);
    const [low, high] = [Number(BigInt.asIntN(32, value)), Number(value >> 32n)];
    assert.equal(
      written((writer) => writer.signed64(low, high)),
      reference(value),
    );
  });
  fc.assert(check, { numRuns: 500 });
});

test("a padded number takes five bytes, and can be written over", () => {
  const writer = new ByteWriter(1);
  writer.padded(3);
  writer.byte(0xaa);
  assert.equal(Buffer.from(writer.take()).toString("hex"), "8380808000aa");
  writer.patch(0, 0xffff_ffff);
  assert.equal(Buffer.from(writer.view()).toString("hex"), "ffffffff0faa");
});

test("a writer grows, takes text and bytes, and starts anew", () => {
  const writer = new ByteWriter(1);
  writer.bytes(Uint8Array.from({ length: 100 }, (_, index) => index));
  writer.text("run");
  assert.equal(writer.length, 104);
  assert.deepEqual([...writer.view().subarray(99)], [99, 3, 0x72, 0x75, 0x6e]);
  writer.clear();
  assert.equal(writer.take().length, 0);
});
