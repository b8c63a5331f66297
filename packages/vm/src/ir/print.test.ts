import assert from "node:assert/strict";
import { test } from "node:test";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { FIELD_REGISTER } from "./lower.ts";
import { printBlock } from "./print.ts";
import { IrRecorder } from "./recorder.ts";

const FIELDS = { rd: FIELD_REGISTER, rs1: FIELD_REGISTER + 1, rs2: FIELD_REGISTER + 2, rs3: FIELD_REGISTER + 3 };
const OPERANDS = { rd: 10, rs1: 11, rs2: 12, rs3: 13 };

function print(name: string, fields?: { readonly immediate: number; readonly rounding?: number }): string {
  const instruction = INSTRUCTIONS.find((candidate) => candidate.name === name);
  assert.ok(instruction, name);
  const recorder = new IrRecorder();
  recorder.begin(fields && { rounding: 0, offset: 4, length: 4, ...fields });
  instruction.semantics(recorder, fields ? OPERANDS : FIELDS);
  return printBlock(recorder.block);
}

const CASES: readonly (readonly [title: string, printed: string, lines: readonly string[]])[] = [
  ["a description names fields", print("add"), ["v0 = get rs1", "v1 = get rs2", "v2 = i64.add v0, v1", "set rd, v2"]],
  [
    "an instruction's operands are constants and registers",
    print("addi", { immediate: -5 }),
    ["; +4, 4 bytes", "v1 = get x11", "v2 = i64.const -5", "v3 = i64.add v1, v2", "set x10, v3"],
  ],
  [
    "a load names its instruction",
    print("lb", { immediate: 1 }),
    [
      "; +4, 4 bytes",
      "v1 = get x11",
      "v2 = i64.const 1",
      "v3 = i64.add v1, v2",
      "v4 = i64.load8_s guest[v3]",
      "set x10, v4",
    ],
  ],
  [
    "a store, too",
    print("sw", { immediate: 0 }),
    ["; +4, 4 bytes", "v1 = get x11", "v2 = i64.const 0", "v3 = get x12", "i64.store32 guest[v1], v3"],
  ],
  [
    "a branch has its distance",
    print("bne", { immediate: -8 }),
    ["; +4, 4 bytes", "v1 = get x11", "v2 = get x12", "v3 = i64.ne v1, v2", "branch v3, -8"],
  ],
  [
    "a jump has its link",
    print("jal", { immediate: 16 }),
    ["; +4, 4 bytes", "v1 = pc +8", "set x10, v1", "jump +16, link x10"],
  ],
  [
    "what asks the slow side names it",
    print("ecall", { immediate: 0 }),
    ["; +4, 4 bytes", "v1 = i32.const 0", "systemEnd ecall, v1"],
  ],
];

for (const [title, printed, lines] of CASES)
  test(`printed IR: ${title}`, () => assert.deepEqual(printed.split("\n"), lines));

test("printed IR: the body of a choice is indented, and fields of the state have names", () => {
  const lines = print("fcvt.d.w").split("\n");
  const begin = lines.findIndex((line) => line.startsWith("choose "));
  const end = lines.findIndex((line) => line.endsWith("}"));
  assert.ok(begin !== -1 && end > begin);
  assert.ok(lines.slice(begin + 1, end).every((line) => line.startsWith("  ")));
  assert.ok(lines.some((line) => line.startsWith("  i64.store state.value, v")));
});

test("printed IR: every operation of every instruction has a name", () => {
  for (const { name } of INSTRUCTIONS) assert.doesNotMatch(print(name), /kind \d|opcode \d|undefined|field \d/, name);
});
