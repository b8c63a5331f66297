import {
  ALL_REGISTERS,
  effectsOf,
  type FlowBlock,
  intersection,
  NO_REGISTERS,
  type RegisterSet,
  union,
} from "./registers.ts";

/** A block of a unit whose registers are written back late. */
export type LateBlock = FlowBlock & {
  /** Those of its successors that a call of what is left of an inlined function may come back to as well: before them, what they read is loaded. */
  readonly returns: readonly number[];
};

/**
 * Computes which registers memory may not have yet at the start of each block: those that were set on one way to it, and that locals hold
 * on every way to it.
 * @param live registers that are loaded at the unit's entry, and after calls, before each block
 */
export function lateRegisters(blocks: readonly LateBlock[], live: readonly RegisterSet[]): readonly RegisterSet[] {
  const written = blocks.map(({ code }) => effectsOf(code).written);
  const held = heldRegisters(blocks, live, written);
  return untilStable(
    blocks.map(() => NO_REGISTERS),
    (late, update) => {
      for (const [index, { successors, isCall }] of blocks.entries()) {
        const set = isCall ? NO_REGISTERS : union(at(late, index), at(written, index));
        for (const next of successors) update(next, union(at(late, next), intersection(set, at(held, next))));
      }
    },
  );
}

/** Which registers locals hold at the start of each block, on every way to it. */
function heldRegisters(
  blocks: readonly LateBlock[],
  live: readonly RegisterSet[],
  written: readonly RegisterSet[],
): readonly RegisterSet[] {
  const atEntry = blocks.map((_, index) => (index === 0 ? at(live, 0) : ALL_REGISTERS));
  return untilStable(atEntry, (held, update) => {
    for (const [index, { successors, isCall, returns }] of blocks.entries()) {
      const set = union(at(held, index), at(written, index));
      for (const next of successors) {
        const after = returns.includes(next) ? intersection(set, at(live, next)) : set;
        update(next, intersection(at(held, next), isCall ? at(live, next) : after));
      }
    }
  });
}

function at(sets: readonly RegisterSet[], index: number): RegisterSet {
  return sets[index] ?? NO_REGISTERS;
}

type Update = (index: number, set: RegisterSet) => void;

/** Updates sets again and again, until that changes nothing. */
function untilStable(
  start: readonly RegisterSet[],
  pass: (sets: readonly RegisterSet[], update: Update) => void,
): readonly RegisterSet[] {
  const sets = [...start];
  for (let changed = true; changed;) {
    changed = false;
    pass(sets, (index, set) => {
      const old = at(sets, index);
      if (old.low === set.low && old.high === set.high) return;
      sets[index] = set;
      changed = true;
    });
  }
  return sets;
}
