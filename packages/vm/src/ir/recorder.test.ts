import assert from "node:assert/strict";
import { test } from "node:test";
import { INSTRUCTIONS } from "../riscv/isa/instructions.ts";
import { OP } from "../wasm/opcodes.ts";
import { KIND } from "./block.ts";
import type { Operands } from "./port.ts";
import { printBlock } from "./print.ts";
import { type Fields, IrRecorder } from "./recorder.ts";
import { verifyBlock } from "./verify.ts";

type Step = readonly [name: string, operands: Partial<Operands>, immediate?: number];

/** Records instructions of four bytes, one behind the other. */
function record(steps: readonly Step[]): IrRecorder {
  const recorder = new IrRecorder();
  steps.forEach(([name, operands, immediate = 0], index) => {
    const fields: Fields = { immediate, rounding: 0, offset: index * 4, length: 4 };
    recorder.begin(fields);
    const instruction = INSTRUCTIONS.find((candidate) => candidate.name === name);
    assert.ok(instruction, name);
    instruction.semantics(recorder, { rd: 0, rs1: 0, rs2: 0, rs3: 0, ...operands });
  });
  return recorder;
}

/** What a register was set to last, as text. */
function lastSet(steps: readonly Step[]): string {
  const lines = printBlock(record(steps).block).split("\n");
  const [, value] = /^set \w+, (v\d+)$/.exec(lines.findLast((line) => line.startsWith("set ")) ?? "") ?? [];
  return lines.find((line) => line.startsWith(`${value} = `))?.replace(/^v\d+ = /, "") ?? "";
}

const CONSTANTS: readonly (readonly [title: string, value: string, steps: readonly Step[]])[] = [
  ["li of 12 bits", "i64.const -5", [["addi", { rd: 10 }, -5]]],
  [
    "lui and addiw",
    "i64.const 305419896",
    [
      ["lui", { rd: 10 }, 0x1234_5000],
      ["addiw", { rd: 10, rs1: 10 }, 0x678],
    ],
  ],
  [
    "lui and addiw that wrap",
    "i64.const 2147483647",
    [
      ["lui", { rd: 10 }, -0x8000_0000],
      ["addiw", { rd: 10, rs1: 10 }, -1],
    ],
  ],
  [
    "what is shifted to 64 bits",
    "i64.const 20015889776640",
    [
      ["lui", { rd: 10 }, 0x1234_5000],
      ["slli", { rd: 10, rs1: 10 }, 16],
    ],
  ],
  [
    "auipc and addi, as an address relative to the entry",
    "pc +4104",
    [
      ["addi", { rd: 5, rs1: 6 }, 1],
      ["auipc", { rd: 10 }, 0x1000],
      ["addi", { rd: 10, rs1: 10 }, 4],
    ],
  ],
  ["x0", "i64.const 0", [["add", { rd: 10 }]]],
  [
    "a copy of a known register",
    "i64.const 7",
    [
      ["addi", { rd: 10 }, 7],
      ["addi", { rd: 11, rs1: 10 }],
    ],
  ],
];

for (const [title, value, steps] of CONSTANTS)
  test(`what a register is set to is known: ${title}`, () => assert.equal(lastSet(steps), value));

test("a register that is set to what is not known is read again", () => {
  const steps: readonly Step[] = [
    ["addi", { rd: 10 }, 7],
    ["add", { rd: 10, rs1: 11, rs2: 12 }],
    ["addi", { rd: 13, rs1: 10 }],
  ];
  assert.equal(lastSet(steps), "get x10");
});

test("x0 is never written, and a jump without link sets nothing", () => {
  const { block } = record([
    ["addi", { rd: 0 }, 7],
    ["jal", { rd: 0 }, 8],
  ]);
  assert.equal(block.kind.includes(KIND.set), false);
});

test("the target of auipc and jalr is known; that of a register is not; the link is set before the jump", () => {
  const targetOf = ({ block }: IrRecorder): number | undefined => IrRecorder.knownTarget(block, block.a.at(-1) ?? -1);
  const far = record([
    ["auipc", { rd: 1 }, 0x2000],
    ["jalr", { rd: 1, rs1: 1 }, 0x10],
  ]);
  assert.equal(targetOf(record([["jalr", { rd: 1, rs1: 5 }]])), undefined);
  assert.equal(far.block.kind.at(-1), KIND.jumpTo);
  assert.equal(far.block.kind.at(-2), KIND.set);
  assert.equal(targetOf(far), 0x2010);
});

test("floating point is required once, and again behind what may turn it off", () => {
  const add: Step = ["fsgnj.d", { rd: 42, rs1: 43, rs2: 44 }];
  const { block } = record([add, add, ["csrrw", { rs1: 5 }, 0x300], add]);
  assert.equal(block.kind.filter((kind) => kind === KIND.requireFloat).length, 2);
});

test("a choice whose condition is known is none", () => {
  for (const [condition, kept] of [
    [1, "i64.const 5"],
    [0, "i64.load state.value"],
  ] as const) {
    const recorder = new IrRecorder();
    recorder.begin({ immediate: 0, rounding: 0, offset: 0, length: 4 });
    const otherwise = (): number => recorder.state(OP.i64Load, 0x1268);
    recorder.set(10, recorder.choose(recorder.constant32(condition), recorder.constant(5), otherwise));
    const text = printBlock(recorder.block);
    assert.doesNotMatch(text, /choose/);
    assert.ok(text.includes(kept));
  }
});

test("a selection whose condition is known is what it selects", () => {
  const recorder = new IrRecorder();
  const [a, b] = [recorder.constant(5), recorder.constant(6)];
  assert.equal(recorder.select(recorder.constant32(1), a, b), a);
  assert.equal(recorder.select(recorder.constant32(0), a, b), b);
});

/** A branch that skips some of the instructions that follow, and one more behind them, as text. */
function recordSkip(skipped: readonly Step[], after: Step): string {
  const recorder = new IrRecorder();
  const steps: readonly Step[] = [["bne", { rs1: 10, rs2: 11 }, 4 + 4 * skipped.length], ...skipped, after];
  steps.forEach(([name, operands, immediate = 0], index) => {
    const skips = index === 0 ? { skips: skipped.length } : {};
    recorder.begin({ immediate, rounding: 0, offset: index * 4, length: 4, ...skips });
    const instruction = INSTRUCTIONS.find((candidate) => candidate.name === name);
    instruction?.semantics(recorder, { rd: 0, rs1: 0, rs2: 0, rs3: 0, ...operands });
  });
  recorder.end();
  assert.deepEqual(verifyBlock(recorder.block, "concrete"), []);
  return printBlock(recorder.block);
}

test("what a short branch skips sets each register once, to what it chooses", () => {
  const skipped: readonly Step[] = [
    ["add", { rd: 5, rs1: 5, rs2: 6 }],
    ["slli", { rd: 5, rs1: 5 }, 48],
  ];
  assert.deepEqual(recordSkip(skipped, ["add", { rd: 7, rs1: 5, rs2: 5 }]).split("\n"), [
    "; +0, 4 bytes",
    "v1 = get x10",
    "v2 = get x11",
    "v3 = i64.ne v1, v2",
    "skip v3, 2",
    "v5 = get x5",
    "v6 = get x6",
    "v7 = i64.add v5, v6",
    "v8 = i64.const 48",
    "v9 = i64.shl v7, v8",
    "v10 = get x5",
    "v11 = select v3, v10, v9",
    "set x5, v11",
    "; +12, 4 bytes",
    "v14 = get x5",
    "v15 = get x5",
    "v16 = i64.add v14, v15",
    "set x7, v16",
  ]);
});

test("a register is known no longer where a short branch may have skipped what it was set to", () => {
  const text = recordSkip([["addi", { rd: 5 }, 3]], ["addi", { rd: 6, rs1: 5 }, 1]);
  assert.match(text, /v\d+ = get x5\nv\d+ = i64\.const 1\nv\d+ = i64\.add/);
});
