import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../memory/layout.ts";
import { FORMATS } from "../riscv/isa/format.ts";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { OP } from "../wasm/opcodes.ts";
import { FIELD_REGISTER } from "./lower.ts";
import { IrRecorder } from "./recorder.ts";
import { IrBlock, KIND } from "./block.ts";
import { verifyBlock } from "./verify.ts";

const FIELDS = { rd: FIELD_REGISTER, rs1: FIELD_REGISTER + 1, rs2: FIELD_REGISTER + 2, rs3: FIELD_REGISTER + 3 };

test("the description of every instruction is a right block", () => {
  for (const { name, semantics } of INSTRUCTIONS) {
    const recorder = new IrRecorder();
    recorder.begin(undefined);
    semantics(recorder, FIELDS);
    assert.deepEqual(verifyBlock(recorder.block, "description"), [], name);
  }
});

test("every instruction with operands, whichever of them coincide or are x0, makes a right block", () => {
  const forms = [
    [10, 11, 12, 13],
    [11, 11, 11, 11],
    [0, 0, 0, 0],
    [0, 11, 0, 11],
  ];
  for (const { name, format, float, semantics } of INSTRUCTIONS)
    for (const form of forms)
      for (const rounding of FORMATS[format].rounding === true ? [0, 1, 5, 7] : [0]) {
        const classes = FORMATS[format];
        const [rd, rs1, rs2, rs3] = [classes.rd, classes.rs1, classes.rs2, classes.rs3].map(
          (file, index) => (form[index] ?? 0) + (file === "float" ? 32 : 0),
        ) as [number, number, number, number];
        const recorder = new IrRecorder();
        for (const offset of float ? [0, 4] : [0]) {
          recorder.begin({ immediate: -8, rounding, offset, length: 4 });
          semantics(recorder, { rd, rs1, rs2, rs3 });
        }
        assert.deepEqual(verifyBlock(recorder.block, "concrete"), [], `${name} ${form.join()} ${rounding}`);
      }
});

/** Each of these is wrong in one way. */
const WRONG: readonly (readonly [problem: string, make: (block: IrBlock) => void])[] = [
  ["0: no such operation", (block) => block.add(99)],
  ["0: no such operation", (block) => block.add(KIND.numeric, OP.call)],
  ["0: v1 is not made yet", (block) => block.add(KIND.set, 5, 0, 1)],
  ["0: v0 is not made yet", (block) => block.add(KIND.set, 5, 0, 0)],
  ["1: v0 has another type", (block) => block.add(KIND.set, 5, 0, block.add(KIND.constant32))],
  ["1: numeric of 1 operands, not 2", (block) => block.add(KIND.numeric, OP.i64Add, 0, block.add(KIND.constant64))],
  ["0: no register 64", (block) => block.add(KIND.get, 64)],
  ["0: no register 0", (block) => block.add(KIND.get, 0)],
  ["0: no register 101", (block) => block.add(KIND.get, FIELD_REGISTER + 1)],
  ["0: immediate64 in a concrete block", (block) => block.add(KIND.immediate64)],
  [
    "0: jump before the end",
    (block) => {
      block.add(KIND.jump, 8);
      block.add(KIND.requireFloat);
    },
  ],
  ["1: is never closed", (block) => block.add(KIND.whenBegin, 0, 0, block.add(KIND.constant32))],
  ["0: closes nothing", (block) => block.add(KIND.whenEnd)],
  [
    "2: requireFloat in a body",
    (block) => {
      block.add(KIND.whenBegin, 0, 0, block.add(KIND.constant32));
      block.add(KIND.requireFloat);
      block.add(KIND.whenEnd);
    },
  ],
  [
    "4: v2 may not have been made",
    (block) => {
      block.add(KIND.whenBegin, 0, 0, block.add(KIND.constant32));
      const inside = block.add(KIND.constant64);
      block.add(KIND.whenEnd);
      block.add(KIND.set, 5, 0, inside);
    },
  ],
  [
    "1: v0 has another type",
    (block) => block.add(KIND.hostStore, OP.i32Store, STATE.value, -1, block.add(KIND.constant64)),
  ],
  [
    "3: v1 has another type",
    (block) => {
      const condition = block.add(KIND.constant32);
      const [word, long] = [block.add(KIND.constant32), block.add(KIND.constant64)];
      block.add(KIND.select, 0, 0, condition, long, word);
    },
  ],
];

for (const [problem, make] of WRONG)
  test(`a wrong block is told: ${problem}`, () => {
    const block = new IrBlock();
    make(block);
    assert.deepEqual(verifyBlock(block, "concrete"), [problem]);
  });
