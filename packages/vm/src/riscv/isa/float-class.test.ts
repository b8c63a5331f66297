import assert from "node:assert/strict";
import { test } from "node:test";
import { RAM_BASE, STATE } from "../../memory/layout.ts";
import { BareCore } from "../../processor/testing/bare-core.ts";
import { FLOATING } from "./float.ts";
import { encode } from "./testing/encode.ts";

const JUMP_TO_ITSELF = 0x6f;

/** Registers by the bit that fclass sets; both ends of each class. */
type Classes = readonly (readonly bigint[])[];

/** Positive numbers from zero on, and the same with the sign; then NaNs, among them what is not boxed. */
function classesOf(positive: Classes, sign: bigint, nans: Classes): Classes {
  const negative = positive.map((bits) => bits.map((value) => value | sign)).toReversed();
  return [...negative, ...positive, ...nans];
}

function boxed(classes: Classes, ones: bigint): Classes {
  return classes.map((bits) => bits.map((value) => value | ones));
}

const DOUBLES = classesOf(
  [[0n], [1n, 0x000f_ffff_ffff_ffffn], [0x0010_0000_0000_0000n, 0x7fef_ffff_ffff_ffffn], [0x7ff0_0000_0000_0000n]],
  0x8000_0000_0000_0000n,
  [
    [0x7ff0_0000_0000_0001n, 0xfff7_ffff_ffff_ffffn],
    [0x7ff8_0000_0000_0000n, 0xffff_ffff_ffff_ffffn],
  ],
);

const SINGLES = classesOf(
  boxed([[0n], [1n, 0x7f_ffffn], [0x80_0000n, 0x7f7f_ffffn], [0x7f80_0000n]], 0xffff_ffff_0000_0000n),
  0x8000_0000n,
  [
    [0xffff_ffff_7f80_0001n, 0xffff_ffff_ffbf_ffffn],
    [0xffff_ffff_7fc0_0000n, 0xffff_ffff_ffff_ffffn, 0xffff_fffe_3f80_0000n, 0n],
  ],
);

const HALVES = classesOf(boxed([[0n], [1n, 0x3ffn], [0x400n, 0x7bffn], [0x7c00n]], 0xffff_ffff_ffff_0000n), 0x8000n, [
  [0xffff_ffff_ffff_7c01n, 0xffff_ffff_ffff_fdffn],
  [0xffff_ffff_ffff_7e00n, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_fffe_3c00n, 0xffff_ffff_3f80_0000n, 0n],
]);

for (const [name, classes] of [
  ["fclass.d", DOUBLES],
  ["fclass.s", SINGLES],
  ["fclass.h", HALVES],
] as const) {
  test(`${name} sets one bit, by which of ten classes a number is in, and asks nobody`, () => {
    const core = new BareCore();
    const instruction = FLOATING.find((row) => row.name === name);
    assert.ok(instruction);
    core.write(RAM_BASE, [encode(instruction, { rd: 10, rs1: 11 }), JUMP_TO_ITSELF]);
    const [unit] = core.compile([RAM_BASE]);
    assert.ok(unit);
    const results = classes.map((registers) =>
      registers.map((bits) => {
        core.setRegister(43, bits);
        core.interpret(RAM_BASE, 1);
        const interpreted = core.register(10);
        core.view.setInt32(STATE.budget, 1, true);
        unit(BigInt(RAM_BASE));
        return [interpreted, core.register(10)];
      }),
    );
    assert.deepEqual(
      results,
      classes.map((registers, place) => registers.map(() => [1n << BigInt(place), 1n << BigInt(place)])),
    );
    assert.equal(core.calls.has("float"), false);
  });
}
