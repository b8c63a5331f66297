import { type IrBlock, KIND } from "../ir/block.ts";

/** A set of registers: integer ones in the lower 32 slots, floating-point ones in the upper. */
export type RegisterSet = { readonly low: number; readonly high: number };

/** No registers. */
export const NO_REGISTERS: RegisterSet = { low: 0, high: 0 };

/** All that are in one of two sets. */
export function union(a: RegisterSet, b: RegisterSet): RegisterSet {
  return { low: a.low | b.low, high: a.high | b.high };
}

/** What is in the first set and not in the second. */
export function without(a: RegisterSet, b: RegisterSet): RegisterSet {
  return { low: a.low & ~b.low, high: a.high & ~b.high };
}

/** A set and one register more. */
export function including(set: RegisterSet, register: number): RegisterSet {
  return register < 32
    ? { ...set, low: set.low | (1 << register) }
    : { ...set, high: set.high | (1 << (register - 32)) };
}

/** The registers of a set, as numbers. */
export function registersOf({ low, high }: RegisterSet): readonly number[] {
  const registers: number[] = [];
  for (let register = 0; register < 32; register++) if ((low >>> register) & 1) registers.push(register);
  for (let register = 0; register < 32; register++) if ((high >>> register) & 1) registers.push(32 + register);
  return registers;
}

/** What is known of registers where a block begins. */
export type RegisterFlow = {
  /** Changed since the unit was entered, or since its last call: to be written back before anyone looks at them in memory. */
  readonly dirty: readonly RegisterSet[];
  /** To be in their locals: read later, or to be written back. */
  readonly live: readonly RegisterSet[];
};

/** A block, as far as the flow of registers goes. */
export type FlowBlock = {
  readonly code: IrBlock;
  readonly successors: readonly number[];
  /** It ends with a call, at which everything is written back. */
  readonly isCall: boolean;
};

/** Computes which registers are dirty and live at the start of each block, by the usual iterations. */
export function registerFlow(blocks: readonly FlowBlock[]): RegisterFlow {
  const effects = blocks.map(({ code }) => effectsOf(code));
  const dirty = blocks.map(() => NO_REGISTERS);
  untilStable(blocks, (block, index) => {
    const out = block.isCall
      ? NO_REGISTERS
      : union(dirty[index] ?? NO_REGISTERS, effects[index]?.written ?? NO_REGISTERS);
    return block.successors.some((next) => grow(dirty, next, out));
  });
  const live = blocks.map((_, index) => union(dirty[index] ?? NO_REGISTERS, effects[index]?.read ?? NO_REGISTERS));
  untilStable(blocks, ({ successors }, index) => {
    const out = successors.reduce((set, next) => union(set, live[next] ?? NO_REGISTERS), NO_REGISTERS);
    return grow(live, index, without(out, effects[index]?.written ?? NO_REGISTERS));
  });
  return { dirty, live };
}

function untilStable(blocks: readonly FlowBlock[], step: (block: FlowBlock, index: number) => boolean): void {
  for (let changed = true; changed;) {
    changed = false;
    for (let index = blocks.length - 1; index >= 0; index--) {
      const block = blocks[index];
      if (block && step(block, index)) changed = true;
    }
  }
}

function grow(sets: RegisterSet[], index: number, added: RegisterSet): boolean {
  const old = sets[index] ?? NO_REGISTERS;
  const { low, high } = union(old, added);
  if (low === old.low && high === old.high) return false;
  sets[index] = { low, high };
  return true;
}

/** Registers that a block reads before it sets them, and those that it sets. */
function effectsOf(code: IrBlock): { readonly read: RegisterSet; readonly written: RegisterSet } {
  let [read, written] = [NO_REGISTERS, NO_REGISTERS];
  for (let index = 0; index < code.length; index++) {
    const register = code.low[index] ?? 0;
    if (code.kind[index] === KIND.get) read = union(read, without(including(NO_REGISTERS, register), written));
    if (code.kind[index] === KIND.set) written = including(written, register);
  }
  return { read, written };
}
