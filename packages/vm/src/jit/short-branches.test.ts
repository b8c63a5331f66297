import assert from "node:assert/strict";
import { test } from "node:test";
import { RAM_BASE, STATE } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import { createDecoder } from "../riscv/isa/decode.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import { encodeWord } from "../testing/encoder.ts";
import { GuestCode } from "./guest-code.ts";
import { skippedBy } from "./short-branches.ts";

const ADD = encodeWord("add", { rd: 5, rs1: 5, rs2: 6 });
const DOUBLE = encodeWord("slli", { rd: 5, rs1: 5, immediate: 1 });
const RETURN = encodeWord("jalr", { rs1: 1 });
const branch = (immediate: number): number => encodeWord("bne", { rs1: 10, immediate });

const CASES: readonly (readonly [title: string, words: readonly number[], skipped: readonly number[] | undefined])[] = [
  ["one instruction", [branch(8), ADD, RETURN], [4]],
  ["three instructions", [branch(16), ADD, DOUBLE, ADD, RETURN], [4, 8, 12]],
  ["four instructions, which are too many", [branch(20), ADD, ADD, ADD, ADD, RETURN], undefined],
  ["none", [branch(4), ADD, RETURN], undefined],
  ["what was before it", [ADD, branch(-4), RETURN], undefined],
  ["half of an instruction", [branch(6), ADD, RETURN], undefined],
  ["a load", [branch(8), encodeWord("ld", { rd: 5, rs1: 6 }), RETURN], undefined],
  ["a store", [branch(8), encodeWord("sd", { rs1: 6, rs2: 5 }), RETURN], undefined],
  ["a jump", [branch(8), encodeWord("jal", { immediate: 8 }), RETURN], undefined],
  ["a division", [branch(8), encodeWord("remuw", { rd: 5, rs1: 5, rs2: 6 }), RETURN], undefined],
  ["what asks whether floating point is on", [branch(8), encodeWord("fsgnj.d"), RETURN], undefined],
  ["what it reaches into unknown code for", [branch(8), ADD], undefined],
  ["nothing, as it is no branch", [encodeWord("jal", { immediate: 8 }), ADD, RETURN], undefined],
];

for (const [title, words, skipped] of CASES)
  test(`a branch skips, or does not, ${title}`, () => {
    const code = new DataView(new ArrayBuffer(words.length * 4));
    for (const [index, word] of words.entries()) code.setInt32(index * 4, word, true);
    const flowOf = (instruction: number): ReturnType<typeof instructionAt>["flow"] => instructionAt(instruction).flow;
    const guest = new GuestCode({ code, offset: 0, decode: createDecoder(), flowOf });
    const start = words.findIndex((word) => word === branch(-4)) > 0 ? 4 : 0;
    assert.deepEqual(
      skippedBy(start, (place) => guest.at(place)),
      skipped,
    );
  });

const BUDGET = 100;

for (const shape of ["block", "region"] as const)
  for (const [condition, expected, count] of [
    [1n, [3n, 40n], 3],
    [0n, [26n, 5n], 6],
  ] as const)
    test(`a ${shape} goes on behind a short branch, and counts what it runs: ${count} instructions`, () => {
      const core = new BareCore();
      // x5 += x6, x5 *= 2, x11 = x5 - 21 are skipped where x10 is not 0.
      const last = encodeWord("addi", { rd: 11, rs1: 5, immediate: -21 });
      core.write(RAM_BASE, [branch(16), ADD, DOUBLE, last, encodeWord("addi", { rd: 12, rs1: 11 }), RETURN]);
      core.setRegister(1, BigInt(RAM_BASE + 0x1000));
      core.setRegister(5, 3n);
      core.setRegister(6, 10n);
      core.setRegister(10, condition);
      core.setRegister(11, 40n);
      core.view.setInt32(STATE.budget, BUDGET, true);
      const [unit] = core.compile([RAM_BASE], shape);
      assert.equal(unit?.(BigInt(RAM_BASE)), BigInt(RAM_BASE + 0x1000));
      assert.deepEqual([core.register(5), core.register(12)], expected);
      assert.equal(core.register(11), core.register(12));
      assert.equal(BUDGET - core.view.getInt32(STATE.budget, true), count);
    });

/** A region that begins with what is given, and then stores x5 at where x6 points. */
function storingRegion(words: readonly number[]): { readonly core: BareCore; readonly run: () => bigint | undefined } {
  const core = new BareCore();
  core.write(RAM_BASE, [...words, encodeWord("sd", { rs1: 6, rs2: 5, immediate: 8 }), RETURN]);
  core.setRegister(1, BigInt(RAM_BASE + 0x1000));
  core.setRegister(6, BigInt(RAM_BASE + 0x2000));
  core.view.setInt32(STATE.budget, BUDGET, true);
  const [unit] = core.compile([RAM_BASE], "region");
  return { core, run: () => unit?.(BigInt(RAM_BASE)) };
}

for (const [condition, count] of [
  [1n, 1],
  [0n, 2],
] as const)
  test(`an access behind a short branch that is left to others leaves ${count} instructions counted`, () => {
    const { core, run } = storingRegion([branch(8), encodeWord("addi", { rd: 7, rs1: 7, immediate: 1 })]);
    core.setRegister(10, condition);
    assert.equal(run(), BigInt(RAM_BASE + 8));
    assert.equal(BUDGET - core.view.getInt32(STATE.budget, true), count);
    assert.equal(core.register(7), BigInt(count - 1));
  });
