import assert from "node:assert/strict";
import { test } from "node:test";
import { createDecoder } from "../riscv/isa/decode.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import { encodeWord } from "../testing/encoder.ts";
import { type BasicBlock, discoverBlocks } from "./discover.ts";
import type { Shape } from "./request.ts";

const NOP = encodeWord("addi");
const COMPRESSED_NOP = 0x0001;
const RETURN = encodeWord("jalr", { rs1: 1 });
const ECALL = encodeWord("ecall");
const branch = (immediate: number): number => encodeWord("bne", { rs1: 10, immediate });
const jump = (immediate: number): number => encodeWord("jal", { immediate });
const call = (immediate: number): number => encodeWord("jal", { rd: 1, immediate });

/** A page of 32-bit instructions from an offset on; what is left is no instruction. */
function pageOf(words: readonly number[], offset = 0): DataView {
  const page = new DataView(new ArrayBuffer(4096 + 4));
  for (const [index, word] of words.entries()) page.setInt32(offset + index * 4, word, true);
  return new DataView(page.buffer, 0, 4096);
}

type Case = {
  readonly title: string;
  readonly words: readonly number[];
  readonly shape: Shape;
  readonly at?: number;
  readonly limit?: number;
  /** Of each block: start, number of instructions, starts of its successors. */
  readonly blocks: readonly (readonly [start: number, count: number, successors: readonly number[]])[];
};

const decode = createDecoder();

function discover(
  code: DataView,
  shape: Shape,
  offset: number,
  { limit = 100, inlines = true }: { readonly limit?: number | undefined; readonly inlines?: boolean } = {},
): readonly BasicBlock[] {
  return discoverBlocks({ code, offset, shape, inlines, limit, decode, flowOf: (index) => instructionAt(index).flow });
}

const CASES: readonly Case[] = [
  {
    title: "a block goes on with what a short branch skips, and behind it",
    words: [NOP, branch(12), NOP, NOP, RETURN],
    shape: "block",
    blocks: [[0, 5, []]],
  },
  {
    title: "so does a region's, several times",
    words: [branch(8), NOP, branch(8), NOP, branch(-16), RETURN],
    shape: "region",
    blocks: [
      [0, 5, [20, 0]],
      [20, 1, []],
    ],
  },
  {
    title: "a branch is not short where something jumps to what it skips",
    words: [branch(12), NOP, NOP, branch(-4), RETURN],
    shape: "region",
    blocks: [
      [0, 1, [4, 12]],
      [4, 1, [8]],
      [8, 1, [12]],
      [12, 1, [16, 8]],
      [16, 1, []],
    ],
  },
  {
    title: "straight code ends with what never goes on",
    words: [NOP, NOP, ECALL, NOP],
    shape: "block",
    blocks: [[0, 3, []]],
  },
  {
    title: "a trace goes on behind a branch, whose target is left",
    words: [branch(12), NOP, RETURN, NOP],
    shape: "block",
    blocks: [
      [0, 1, [4]],
      [4, 2, []],
    ],
  },
  {
    title: "a trace that comes back to its entry is a loop",
    words: [NOP, branch(-4), RETURN],
    shape: "block",
    blocks: [
      [0, 2, [8, 0]],
      [8, 1, []],
    ],
  },
  {
    title: "a trace follows a jump without link",
    words: [jump(8), ECALL, NOP, RETURN],
    shape: "block",
    blocks: [
      [0, 1, [8]],
      [8, 2, []],
    ],
  },
  {
    title: "a trace ends with a call",
    words: [NOP, call(8), NOP, RETURN],
    shape: "block",
    blocks: [[0, 2, []]],
  },
  {
    title: "a region has both ways of a branch, and what they come together in",
    words: [branch(12), NOP, jump(8), NOP, RETURN],
    shape: "region",
    blocks: [
      [0, 1, [4, 12]],
      [4, 2, [16]],
      [12, 1, [16]],
      [16, 1, []],
    ],
  },
  {
    title: "a region goes on where a call returns to, and does not go into what never returns",
    words: [call(12), NOP, RETURN, ECALL],
    shape: "region",
    blocks: [
      [0, 1, [4]],
      [4, 2, []],
    ],
  },
  {
    title: "a small function is a part of the region, once for each call of it",
    words: [call(12), call(8), RETURN, NOP, RETURN],
    shape: "region",
    blocks: [
      [0, 1, [4, 12]],
      [12, 2, [4]],
      [4, 1, [8, 12]],
      [12, 2, [8]],
      [8, 1, []],
    ],
  },
  {
    title: "what a small function calls is called; where it leaves the unit, it should come back, too",
    words: [call(12), RETURN, ECALL, branch(-4096), call(8), RETURN, RETURN],
    shape: "region",
    blocks: [
      [0, 1, [4, 12]],
      [12, 1, [16, 4]],
      [16, 1, [20]],
      [20, 1, [4]],
      [4, 1, []],
    ],
  },
  {
    title: "a jump that keeps its address in another register than a call does is no call",
    words: [encodeWord("jal", { rd: 6, immediate: 8 }), ECALL, RETURN],
    shape: "region",
    blocks: [
      [0, 1, [8]],
      [8, 1, []],
    ],
  },
  {
    title: "a region goes back before its entry",
    words: [NOP, branch(-4), RETURN],
    shape: "region",
    at: 4,
    blocks: [
      [0, 1, [4, -4]],
      [-4, 1, [0]],
      [4, 1, []],
    ],
  },
  {
    title: "no more instructions than the limit are taken",
    words: [NOP, NOP, NOP, RETURN],
    shape: "block",
    limit: 2,
    blocks: [[0, 2, []]],
  },
];

for (const { title, words, shape, at = 0, limit, blocks } of CASES)
  test(`${shape}: ${title}`, () => {
    const found = discover(pageOf(words), shape, at, { limit });
    const seen = found.map(({ start, instructions, successors }) => [
      start,
      instructions.length,
      successors.map((index) => found[index]?.start),
    ]);
    assert.equal(found[0]?.start, 0);
    const inOrder = (list: readonly unknown[]): readonly string[] => list.map((one) => JSON.stringify(one)).toSorted();
    assert.deepEqual(inOrder(seen), inOrder(blocks));
  });

test("a large function is called, and so are small ones where they are too many", () => {
  const callsOf = (words: readonly number[], inlines = true): readonly BasicBlock["call"][] =>
    discover(pageOf(words), "region", 0, { limit: 600, inlines }).flatMap(({ call }) => (call === "none" ? [] : call));
  const functionOf = (size: number): readonly number[] => [...Array<number>(size - 1).fill(NOP), RETURN];
  assert.deepEqual(callsOf([call(8), RETURN, ...functionOf(80)]), ["inlined"]);
  assert.deepEqual(callsOf([call(8), RETURN, ...functionOf(81)]), ["made"]);
  assert.deepEqual(callsOf([call(8), RETURN, ...functionOf(80)], false), ["inlinable"]);
  assert.deepEqual(callsOf([call(8), RETURN, ...functionOf(81)], false), ["made"]);
  const four = [call(20), call(16), call(12), call(8), RETURN, ...functionOf(80)];
  assert.deepEqual(callsOf(four).toSorted(), ["inlined", "inlined", "inlined", "made"]);
});

const lengths = (blocks: readonly BasicBlock[]): readonly number[] =>
  blocks.map(({ instructions }) => instructions.length);

test("a unit ends with its page", () => {
  for (const shape of ["block", "region"] as const) {
    assert.deepEqual(lengths(discover(pageOf([NOP, NOP], 4088), shape, 4088)), [2]);
    // The second one reaches into the next page.
    assert.deepEqual(lengths(discover(pageOf([NOP, NOP], 4090), shape, 4090)), [1]);
  }
});

test("an entry that reaches into the next page makes no unit; a compressed one there does", () => {
  assert.deepEqual(discover(pageOf([NOP], 4094), "region", 4094), []);
  assert.deepEqual(lengths(discover(pageOf([COMPRESSED_NOP], 4094), "region", 4094)), [1]);
});

test("with the next page, a region goes on there, and a block of its own begins where it does", () => {
  const COMPRESSED_BRANCH = 0xc119; // c.beqz a0, 6
  const code = new DataView(new ArrayBuffer(8192));
  code.setInt32(4088, NOP, true);
  code.setInt16(4092, COMPRESSED_BRANCH, true);
  for (const [index, word] of [NOP, NOP, branch(-14), RETURN].entries()) code.setInt32(4094 + index * 4, word, true);
  const seen = discover(code, "region", 4088).map(({ start, isBeyond, instructions, successors }) => [
    start,
    isBeyond,
    instructions.length,
    successors.length,
  ]);
  assert.deepEqual(
    seen.toSorted((a, b) => Number(a[0]) - Number(b[0])),
    [
      [0, false, 2, 2],
      [6, true, 1, 1],
      [10, true, 2, 2],
      [18, true, 1, 0],
    ],
  );
  assert.deepEqual(
    discover(code, "region", 4094),
    [],
    "the first instruction begins in one page, and ends in the other",
  );
});

test("a branch out of the page has no successor there", () => {
  const [first] = discover(pageOf([branch(-8), RETURN]), "region", 0);
  assert.equal(first?.successors.length, 1);
});

test("an instruction that lies in another one is of its own, and both are kept", () => {
  // At 2 lies the upper half of the first: a compressed instruction, to which the branch leads.
  const upper = 0x0001_0037; // lui x0, 0x10: its upper half is c.nop
  const blocks = discover(pageOf([upper, branch(-2), RETURN]), "region", 0);
  const starts = blocks.flatMap(({ instructions }) => instructions.map(({ distance }) => distance));
  assert.deepEqual(
    [...new Set(starts)].toSorted((a, b) => a - b),
    [0, 2, 4, 8],
  );
});
