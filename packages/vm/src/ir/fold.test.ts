import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { OP } from "../wasm/opcodes.ts";
import { IrBlock, KIND, type Value } from "./block.ts";
import { foldNumeric } from "./fold.ts";
import { NUMERIC } from "./testing/numeric.ts";

const { i64Add, i64And, i64Or, i64Xor, i64Shl, i64Sub, i64ExtendI32S, i32WrapI64 } = OP;
const { i32Add, i32And, i32Or, i32Shl, i32Eq, i32LtU } = OP;

/** A block with a constant of 64 or 32 bits. */
function constant(block: IrBlock, bits: bigint, width: 32 | 64 = 64): Value {
  const low = Number(BigInt.asIntN(32, bits));
  if (width === 32) return block.add(KIND.constant32, low);
  return block.add(KIND.constant64, low, Number(BigInt.asIntN(32, bits >> 32n)));
}

function bitsOf(block: IrBlock, value: Value): bigint {
  const low = BigInt((block.low[value] ?? 0) >>> 0);
  if (block.kind[value] === KIND.constant32) return low;
  assert.equal(block.kind[value], KIND.constant64);
  return (BigInt((block.high[value] ?? 0) >>> 0) << 32n) | low;
}

const numbers = (width: 32 | 64): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n }),
    fc.constantFrom(0n, 1n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn).map((bits) => bits),
    fc.integer({ min: -70, max: 70 }).map((number) => BigInt.asUintN(width, BigInt(number))),
  );

for (const [width, opcodes] of [
  [64, [i64Add, i64And, i64Or, i64Xor, i64Shl]],
  [32, [i32Add, i32And, i32Or, i32Shl, i32Eq, i32LtU]],
] as const)
  test(`what is folded of two constants of ${width} bits is what WebAssembly makes of them`, () => {
    const check = fc.property(fc.constantFrom(...opcodes), numbers(width), numbers(width), (opcode, a, b) => {
      const block = new IrBlock();
      const folded = foldNumeric(block, opcode, [constant(block, a, width), constant(block, b, width)], true);
      assert.ok(folded !== undefined);
      assert.equal(bitsOf(block, folded), NUMERIC.get(opcode)?.(a, b));
    });
    fc.assert(check, { numRuns: 1000 });
  });

for (const [opcode, width, name] of [
  [i64ExtendI32S, 32, "widened"],
  [i32WrapI64, 64, "narrowed"],
] as const)
  test(`so it is with one constant that is ${name}`, () => {
    const check = fc.property(numbers(width), (a) => {
      const block = new IrBlock();
      const folded = foldNumeric(block, opcode, [constant(block, a, width), -1], true);
      assert.ok(folded !== undefined);
      assert.equal(bitsOf(block, folded), NUMERIC.get(opcode)?.(a, 0n));
    });
    fc.assert(check, { numRuns: 300 });
  });

test("nothing added, subtracted or combined is the value itself; nothing else is", () => {
  for (const [opcode, isSame] of [
    [i64Add, true],
    [i64Sub, true],
    [i64Or, true],
    [i64Xor, true],
    [i64And, false],
    [OP.i64Mul, false],
    [i32Add, true],
    [OP.i32Sub, true],
    [i32Or, true],
    [OP.i32Xor, true],
    [i32Shl, true],
    [OP.i32Mul, false],
  ] as const) {
    const block = new IrBlock();
    const width = opcode < i64Add ? 32 : 64;
    const value = block.add(KIND.get, 5);
    assert.equal(foldNumeric(block, opcode, [value, constant(block, 0n, width)], true), isSame ? value : undefined);
    assert.equal(foldNumeric(block, opcode, [value, constant(block, 1n, width)], true), undefined);
  }
});

/** Address, what is added, and the distance of the sum; undefined where it stays a sum. */
const ADDRESSES: readonly (readonly [distance: number, added: bigint, sum: number | undefined])[] = [
  [4, 8n, 12],
  [4, -8n, -4],
  [0x7fff_0000, 0xffffn, 0x7fff_ffff],
  [0x7fff_0000, 0x1_0000n, undefined],
  [0, 1n << 32n, undefined],
];

for (const [distance, added, sum] of ADDRESSES)
  test(`the address at ${distance} plus ${added} is ${sum === undefined ? "left to be added" : `that at ${sum}`}`, () => {
    for (const isConcrete of [true, false]) {
      const block = new IrBlock();
      const address = block.add(KIND.pc, distance);
      const folded = foldNumeric(block, i64Add, [address, constant(block, added)], isConcrete);
      if (sum === undefined || !isConcrete) assert.equal(folded, undefined);
      else assert.deepEqual([block.kind[folded ?? -1], block.low[folded ?? -1]], [KIND.pc, sum]);
    }
  });

test("the lowest bit of an address is dropped, as jumps do; no other one is known", () => {
  for (const [distance, kept] of [
    [8, 8],
    [9, 8],
    [-7, -8],
  ] as const) {
    const block = new IrBlock();
    const address = block.add(KIND.pc, distance);
    const folded = foldNumeric(block, i64And, [address, constant(block, -2n)], true);
    assert.deepEqual([block.kind[folded ?? -1], block.low[folded ?? -1]], [KIND.pc, kept]);
    assert.equal(foldNumeric(block, i64And, [address, constant(block, -4n)], true), undefined);
  }
});
