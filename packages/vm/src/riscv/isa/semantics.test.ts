import assert from "node:assert/strict";
import { test } from "node:test";
import { INSTRUCTIONS } from "./instructions.ts";
import { assembleProgram, originOf, VARIANTS, type Origin } from "./testing/program.ts";
import { PROGRAM_BASE, runReference } from "./testing/toolchain.ts";
import { runModel } from "./testing/user-model.ts";

/** QEMU 7.2 looks for ones in the upper word where the lower has none; "ctzw" is specified on the lower word alone. */
function isReferenceWrong({ variant, operands }: Origin): boolean {
  return variant.instruction.name === "ctzw" && operands[0] !== 0n && BigInt.asUintN(32, operands[0]) === 0n;
}

function describe({ variant: { instruction, fields, length }, operands }: Origin): string {
  const values = operands.map((operand) => operand.toString(16)).join(" ");
  return `${instruction.name} of ${length} bytes, ${JSON.stringify(fields)}, of ${values}`;
}

/** The doublewords that differ, and what they belong to; ten at most. */
function differencesOf(actual: Uint8Array, expected: Uint8Array): readonly string[] {
  const [ours, theirs] = [actual, expected].map((bytes) => new BigUint64Array(Uint8Array.from(bytes).buffer)) as [
    BigUint64Array,
    BigUint64Array,
  ];
  const differences: string[] = [];
  for (const [index, value] of ours.entries()) {
    if (value === theirs[index]) continue;
    const origin = originOf(index * 8);
    if (origin === undefined || isReferenceWrong(origin)) continue;
    differences.push(`${describe(origin)}: ${value.toString(16)}, not ${theirs[index]?.toString(16)}`);
    if (differences.length === 10) break;
  }
  return differences;
}

test("every instruction that a user can run has the results of qemu-riscv64, for edge operands and registers that coincide", (context) => {
  const { program, output } = runReference(assembleProgram());
  context.diagnostic(`${VARIANTS.length} variants`);
  const actual = runModel(program, PROGRAM_BASE);
  assert.equal(actual.length, output.length);
  assert.deepEqual(differencesOf(actual, output), []);
});

test("no unprivileged instruction is left out, but for ecall, which the program itself needs, and ebreak", () => {
  const tested = new Set(VARIANTS.map(({ instruction }) => instruction));
  const left = INSTRUCTIONS.filter((instruction) => !tested.has(instruction) && instruction.extension !== "privileged");
  assert.deepEqual(
    left.map(({ name }) => name),
    ["ecall", "ebreak"],
  );
});
