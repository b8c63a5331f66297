import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { IrBlock, KIND } from "../ir/block.ts";
import { RAM_BASE, STATE } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import { encodeWord } from "../testing/encoder.ts";
import { type LateBlock, lateRegisters } from "./late-registers.ts";
import { liveRegisters, registersOf } from "./registers.ts";

const REGISTERS = [1, 2, 33];

type Block = {
  readonly reads: readonly number[];
  readonly sets: readonly number[];
  readonly successors: readonly number[];
  readonly isCall: boolean;
  readonly returns: boolean;
};

const some = fc.uniqueArray(fc.constantFrom(...REGISTERS), { maxLength: 2 });
const units: fc.Arbitrary<readonly Block[]> = fc.integer({ min: 1, max: 6 }).chain((count) =>
  fc.array(
    fc.record({
      reads: some,
      sets: some,
      successors: fc.uniqueArray(fc.nat({ max: count - 1 }), { maxLength: 2 }),
      isCall: fc.nat({ max: 4 }).map((number) => number === 0),
      returns: fc.nat({ max: 4 }).map((number) => number === 0),
    }),
    { minLength: count, maxLength: count },
  ),
);

function toLateBlock({ reads, sets, successors, isCall, returns }: Block): LateBlock {
  const code = new IrBlock();
  for (const register of reads) code.add(KIND.get, register);
  const value = code.add(KIND.constant64);
  for (const register of sets) code.add(KIND.set, register, 0, value);
  return { code, successors, isCall, returns: returns ? successors.slice(0, 1) : [] };
}

/** Ways through a unit: which successor to take, and whether what returns does so by a call. */
const turns = fc.array(fc.record({ choice: fc.nat({ max: 1 }), calls: fc.boolean() }), { maxLength: 12 });

test("what memory may not have yet is in locals, whatever way was taken", () => {
  const check = fc.property(units, turns, (blocks, way) => {
    const flow = blocks.map(toLateBlock);
    const live = liveRegisters(flow);
    const late = lateRegisters(flow, live);
    const loaded = (index: number): ReadonlySet<number> => new Set(registersOf(live[index] ?? { low: 0, high: 0 }));
    let [at, held] = [0, loaded(0)];
    for (const { choice, calls } of way) {
      const missing = registersOf(late[at] ?? { low: 0, high: 0 }).filter((register) => !held.has(register));
      assert.deepEqual(missing, [], `before block ${at}`);
      const block = blocks[at];
      const next = block?.successors[choice % Math.max(1, block.successors.length)];
      if (!block || next === undefined) return;
      const isCalled = block.isCall || (calls && flow[at]?.returns.includes(next) === true);
      held = isCalled ? loaded(next) : new Set([...held, ...block.sets]);
      at = next;
    }
  });
  fc.assert(check, { numRuns: 2000 });
});

/** What a block of this is late with, where it begins. */
function lateAt(blocks: readonly Partial<Block>[], index: number): readonly number[] {
  const none = { reads: [], sets: [], successors: [], isCall: false, returns: false };
  const flow = blocks.map((block) => toLateBlock({ ...none, ...block }));
  return registersOf(lateRegisters(flow, liveRegisters(flow))[index] ?? { low: 0, high: 0 });
}

test("what a loop reads and sets is not written back before it is left", () => {
  assert.deepEqual(lateAt([{ reads: [1, 2], sets: [1], successors: [0, 1] }, {}], 0), [1]);
  assert.deepEqual(lateAt([{ reads: [1, 2], sets: [1], successors: [0, 1] }, {}], 1), [1]);
});

test("what no local holds on another way is written back before", () => {
  const blocks = [{ successors: [1, 2] }, { sets: [1], successors: [2] }, {}];
  assert.deepEqual(lateAt(blocks, 2), []);
});

test("a call finds all registers in memory", () => {
  assert.deepEqual(lateAt([{ reads: [1], sets: [1], isCall: true, successors: [1] }, { reads: [1] }], 1), []);
});

for (const turn of [0, 1, 2, 7])
  test(`a region that is left at the head of its loop, after ${turn} turns, leaves all registers in memory`, () => {
    const core = new BareCore();
    const add = encodeWord("add", { rd: 5, rs1: 5, rs2: 6 });
    const count = encodeWord("addi", { rd: 6, rs1: 6, immediate: -1 });
    core.write(RAM_BASE, [add, count, encodeWord("bne", { rs1: 6, immediate: -8 }), encodeWord("jalr", { rs1: 1 })]);
    core.setRegister(6, 100n);
    core.view.setInt32(STATE.budget, turn * 3, true);
    const [unit] = core.compile([RAM_BASE], "region");
    assert.equal(unit?.(BigInt(RAM_BASE)), BigInt(RAM_BASE));
    assert.equal(core.register(6), BigInt(100 - turn - 1));
    assert.equal(
      core.register(5),
      BigInt(Array.from({ length: turn + 1 }, (_, index) => 100 - index).reduce((sum, number) => sum + number, 0)),
    );
  });

test("an access that a helper carries out, as it is of a unit's first group, finds all registers in memory", () => {
  const core = new BareCore();
  const store = (immediate: number): number => encodeWord("sd", { rs1: 6, rs2: 5, immediate });
  const count = encodeWord("addi", { rd: 7, rs1: 7, immediate: 1 });
  core.write(RAM_BASE, [store(0), count, store(8), count, encodeWord("jalr", { rs1: 1 })]);
  core.setRegister(6, BigInt(RAM_BASE + 0x2000));
  core.view.setInt32(STATE.budget, 100, true);
  const seen: bigint[] = [];
  core.onStore = () => void seen.push(core.register(7));
  core.compile([RAM_BASE], "region")[0]?.(BigInt(RAM_BASE));
  assert.deepEqual(seen, [0n, 1n]);
  assert.equal(core.register(7), 2n);
});
