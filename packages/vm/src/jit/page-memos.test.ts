import assert from "node:assert/strict";
import { test } from "node:test";
import { IrBlock, KIND } from "../ir/block.ts";
import { RAM_BASE, RAM_OFFSET, STATE } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import { encodeWord } from "../testing/encoder.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP } from "../wasm/opcodes.ts";
import type { BasicBlock } from "./discover.ts";
import { PageMemos } from "./page-memos.ts";
import { structureOf } from "./structure.ts";

const PAGE = 4096;
/** Where the programs read and write, which two pages of RAM are mapped there, and one that is not. */
const DATA = 0x4000_0000;
const [FIRST, SECOND, OTHER] = [RAM_BASE + 2 * PAGE, RAM_BASE + 4 * PAGE, RAM_BASE + 3 * PAGE];
const [ADDRESS, COUNT, SUM, TURNS] = [10, 11, 12, 13];

const add = (register: number, immediate: number): number =>
  encodeWord("addi", { rd: register, rs1: register, immediate });
const load = (name: string, immediate: number): number => encodeWord(name, { rd: 5, rs1: ADDRESS, immediate });
const sum = encodeWord("add", { rd: SUM, rs1: SUM, rs2: 5 });
const fence = encodeWord("sfence.vma", { rs1: 0, rs2: 0 });
const leave = encodeWord("jalr", { rs1: 1 });
/** Back by so many instructions, where a register is not 0. */
const back = (register: number, instructions: number): number =>
  encodeWord("bne", { rs1: register, immediate: -4 * instructions });

/** Bytes of which none is the same as its neighbours, other ones in each page. */
const byteAt = (address: number): number => (address * 7 + (address >> 12) * 31) & 0xff;

/** A region with the pages mapped, whose registers say from where to read and how many times. */
function prepare(program: readonly number[], offset: number, count: number): { core: BareCore; run: () => bigint } {
  const core = new BareCore();
  for (let address = FIRST; address < SECOND + PAGE; address++)
    core.view.setUint8(address - RAM_BASE + RAM_OFFSET, byteAt(address));
  core.map(DATA, FIRST);
  core.map(DATA + PAGE, SECOND);
  core.write(RAM_BASE, program);
  core.setRegister(ADDRESS, BigInt(DATA + offset));
  core.setRegister(COUNT, BigInt(count));
  core.setRegister(TURNS, 6n);
  core.view.setInt32(STATE.budget, 100_000, true);
  const [unit] = core.compile([RAM_BASE], "region");
  return { core, run: () => unit?.(BigInt(RAM_BASE)) ?? -1n };
}

/** What bytes from an address on make, as a number without sign. */
function valueAt(core: BareCore, address: number, bytes: number): bigint {
  let value = 0n;
  for (let index = bytes - 1; index >= 0; index--) {
    const at = (address + index < DATA + PAGE ? FIRST : SECOND - PAGE) + address + index - DATA;
    value = (value << 8n) | BigInt(core.view.getUint8(at - RAM_BASE + RAM_OFFSET));
  }
  return value;
}

for (const [name, bytes] of [
  ["lbu", 1],
  ["lhu", 2],
  ["ld", 8],
] as const)
  for (const from of [0, PAGE - 24, PAGE - 9])
    test(`a loop with ${name} from ${from} on reads what is mapped, up to where an access lies across two pages`, () => {
      const program = [add(SUM, 0), add(SUM, 0), load(name, 0), add(ADDRESS, 1), sum, add(COUNT, -1), back(COUNT, 5)];
      const { core, run } = prepare([...program, leave], from, 20);
      run();
      let expected = 0n;
      const read = Number(core.register(ADDRESS)) - DATA - from;
      for (let index = 0; index < read; index++) expected += valueAt(core, DATA + from + index, bytes);
      assert.equal(core.register(SUM), BigInt.asUintN(64, expected));
      const crosses = from + 20 + bytes - 1 > PAGE && bytes > 1;
      assert.equal(read, crosses ? PAGE - from - bytes + 1 : 20);
    });

test("two accesses that are looked up together are left to others where they lie across two pages", () => {
  const program = [add(SUM, 0), load("lbu", 0), sum, load("lbu", 7), sum, add(ADDRESS, 1), add(COUNT, -1)];
  const { core, run } = prepare([...program, back(COUNT, 6), leave], PAGE - 12, 20);
  run();
  assert.equal(core.register(ADDRESS), BigInt(DATA + PAGE - 7));
});

test("a loop writes to both pages, and nowhere else", () => {
  const store = encodeWord("sb", { rs1: ADDRESS, rs2: COUNT, immediate: 0 });
  const { core, run } = prepare(
    [add(SUM, 0), add(ADDRESS, 1), store, add(COUNT, -1), back(COUNT, 3), leave],
    PAGE - 9,
    16,
  );
  run();
  for (let index = 0; index < 16; index++)
    assert.equal(valueAt(core, DATA + PAGE - 8 + index, 1), BigInt(16 - index), `byte ${index}`);
  assert.equal(core.view.getUint8(OTHER - RAM_BASE + RAM_OFFSET), byteAt(OTHER));
});

test("a loop that goes to and fro between two pages reads both", () => {
  const toAndFro = encodeWord("xor", { rd: ADDRESS, rs1: ADDRESS, rs2: TURNS });
  const { core, run } = prepare(
    [add(SUM, 0), load("lbu", 0), sum, toAndFro, add(COUNT, -1), back(COUNT, 4), leave],
    0,
    50,
  );
  core.setRegister(TURNS, BigInt(PAGE));
  run();
  assert.equal(core.register(SUM), 25n * (valueAt(core, DATA, 1) + valueAt(core, DATA ^ PAGE, 1)));
});

/** Runs a program that fences, at which the page is mapped elsewhere each time. Of the numbers that it reads, the sum, and what it should be. */
function sumWithFences(program: readonly number[], reads: number): { sum: bigint; expected: bigint } {
  const { core, run } = prepare([...program, leave], 0, 3);
  const first = valueAt(core, DATA, 1);
  const second = BigInt(core.view.getUint8(SECOND - RAM_BASE + RAM_OFFSET));
  let fences = 0;
  core.onSystem = () => core.map(DATA, ++fences % 2 === 0 ? FIRST : SECOND);
  run();
  assert.equal(core.register(TURNS), 0n, "it came to its end");
  return { sum: core.register(SUM), expected: BigInt(reads) * 3n * (first + second) };
}

const inner = [add(SUM, 0), load("lbu", 0), sum, add(COUNT, -1), back(COUNT, 4)];

test("a loop that fences reads what is mapped after that", () => {
  const { sum: actual, expected } = sumWithFences(
    [add(SUM, 0), load("lbu", 0), sum, fence, add(TURNS, -1), back(TURNS, 4)],
    1,
  );
  assert.equal(actual, expected);
});

for (const [where, distance, before] of [
  ["alone", 9, 2],
  ["as an outer loop does", 8, 1],
  ["as an outer loop and the unit do", 8, 0],
] as const)
  test(`a loop that begins ${where} and is run again after a fence reads what is mapped then`, () => {
    const outer = [...inner, fence, add(COUNT, 3), add(TURNS, -1), back(TURNS, distance)];
    const { sum: actual, expected } = sumWithFences([...Array<number>(before).fill(add(SUM, 0)), ...outer], 3);
    assert.equal(actual, expected);
  });

/** In which blocks of a graph the load that each of them has remembers its page. */
function remembering(
  graph: readonly (readonly number[])[],
  isSpecial: (block: number) => "call" | "system" | undefined,
): readonly number[] {
  const code = graph.map((_, index) => {
    const block = new IrBlock();
    block.add(KIND.load, OP.i64Load, 0, block.add(KIND.get, 1));
    if (isSpecial(index) === "system") block.add(KIND.system, 0, 0, 0);
    return block;
  });
  const blocks = graph.map((successors, index): BasicBlock => {
    const call = isSpecial(index) === "call" ? "made" : "none";
    return { start: index, instructions: [], flow: "next", call, successors, returnsTo: undefined, isBeyond: false };
  });
  const memos = new PageMemos(new FunctionWriter(0), blocks, code, structureOf(graph));
  return [...graph.keys()].filter((block) => memos.of(block, 1) !== undefined);
}

test("what is in innermost loops remembers pages, where they neither call nor fence", () => {
  const nested = [[1], [2, 4], [3], [2, 1], []];
  assert.deepEqual(
    remembering(nested, () => undefined),
    [2, 3],
  );
  assert.deepEqual(
    remembering(nested, (block) => (block === 1 ? "call" : undefined)),
    [2, 3],
  );
  assert.deepEqual(
    remembering(nested, (block) => (block === 3 ? "call" : undefined)),
    [],
  );
  assert.deepEqual(
    remembering(nested, (block) => (block === 2 ? "system" : undefined)),
    [],
  );
});
