import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHalfBits, toHalfBits } from "./half.ts";

test("every f16 but NaN comes back from its number with the same bits", () => {
  for (let bits = 0; bits <= 0xffff; bits++) {
    const value = fromHalfBits(bits);
    const isNaN = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    assert.equal(Number.isNaN(value), isNaN, bits.toString(16));
    if (!isNaN) assert.equal(toHalfBits(value), bits);
  }
});

test("the numbers are those of IEEE 754's binary16, and grow with their bits", () => {
  const known: readonly (readonly [bits: number, value: number])[] = [
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3c00, 1],
    [0xc248, -3.140625],
    [0x7bff, 65_504],
    [0xfc00, -Infinity],
  ];
  for (const [bits, value] of known) assert.equal(fromHalfBits(bits), value);
  for (let bits = 1; bits <= 0x7c00; bits++) assert.ok(fromHalfBits(bits) > fromHalfBits(bits - 1));
});
