import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { IrBlock, KIND } from "../ir/block.ts";
import {
  type FlowBlock,
  including,
  liveRegisters,
  NO_REGISTERS,
  type RegisterSet,
  registersOf,
  union,
  without,
} from "./registers.ts";

const REGISTERS = [1, 2, 31, 32, 33, 63];

type Access = { readonly register: number; readonly isSet: boolean };
type Block = { readonly accesses: readonly Access[]; readonly successors: readonly number[]; readonly isCall: boolean };

const accesses = fc.record({ register: fc.constantFrom(...REGISTERS), isSet: fc.boolean() });
const units: fc.Arbitrary<readonly Block[]> = fc.integer({ min: 1, max: 7 }).chain((count) =>
  fc.array(
    fc.record({
      accesses: fc.array(accesses, { maxLength: 3 }),
      successors: fc.array(fc.nat({ max: count - 1 }), { maxLength: 2 }),
      isCall: fc.nat({ max: 4 }).map((number) => number === 0),
    }),
    { minLength: count, maxLength: count },
  ),
);

function toFlowBlock({ accesses, successors, isCall }: Block): FlowBlock {
  const code = new IrBlock();
  const value = code.add(KIND.constant64);
  for (const { register, isSet } of accesses)
    if (isSet) code.add(KIND.set, register, 0, value);
    else code.add(KIND.get, register);
  return { code, successors, isCall };
}

const sets = (block: Block, register: number): boolean =>
  block.accesses.some((access) => access.isSet && access.register === register);
const readsFirst = (block: Block, register: number): boolean =>
  block.accesses.find((access) => access.register === register)?.isSet === false;

/** All that is reached from some blocks, where only some may be passed. */
function reach(
  blocks: readonly Block[],
  from: readonly number[],
  passes: (block: Block) => boolean,
): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = [...from];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const block = blocks[index];
    if (found.has(index) || !block) continue;
    found.add(index);
    if (passes(block)) waiting.push(...block.successors);
  }
  return found;
}

function namesAt(list: readonly RegisterSet[], register: number): readonly number[] {
  return list.flatMap((set, index) => (registersOf(set).includes(register) ? [index] : []));
}

test("a register is live where a way leads to a block that reads it, before one that sets it, past no call", () => {
  const check = fc.property(units, (blocks) => {
    const live = liveRegisters(blocks.map(toFlowBlock));
    for (const register of REGISTERS) {
      const expected = blocks.flatMap((_, start) => {
        const ways = reach(blocks, [start], (block) => !sets(block, register) && !block.isCall);
        const isNeeded = [...ways].some((index) => {
          const block = blocks[index];
          return block !== undefined && readsFirst(block, register);
        });
        return isNeeded ? [start] : [];
      });
      assert.deepEqual(namesAt(live, register), expected);
    }
  });
  fc.assert(check, { numRuns: 400 });
});

test("sets of registers are sets: integer and floating-point ones apart", () => {
  const lists = fc.uniqueArray(fc.integer({ min: 0, max: 63 }), { maxLength: 10 });
  const toSet = (list: readonly number[]): RegisterSet => list.reduce(including, NO_REGISTERS);
  const sorted = (list: Iterable<number>): readonly number[] => [...list].toSorted((a, b) => a - b);
  const check = fc.property(lists, lists, (a, b) => {
    assert.deepEqual(registersOf(toSet(a)), sorted(a));
    assert.deepEqual(registersOf(union(toSet(a), toSet(b))), sorted(new Set([...a, ...b])));
    assert.deepEqual(registersOf(without(toSet(a), toSet(b))), sorted(a.filter((register) => !b.includes(register))));
  });
  fc.assert(check, { numRuns: 200 });
});
