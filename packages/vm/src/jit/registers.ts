import { type IrBlock, KIND } from "../ir/block.ts";

/** A set of registers: integer ones in the lower 32 slots, floating-point ones in the upper. */
export type RegisterSet = { readonly low: number; readonly high: number };

/** No registers. */
export const NO_REGISTERS: RegisterSet = { low: 0, high: 0 };

/** All registers. */
export const ALL_REGISTERS: RegisterSet = { low: -1, high: -1 };

/** All that are in one of two sets. */
export function union(a: RegisterSet, b: RegisterSet): RegisterSet {
  return { low: a.low | b.low, high: a.high | b.high };
}

/** All that are in both of two sets. */
export function intersection(a: RegisterSet, b: RegisterSet): RegisterSet {
  return { low: a.low & b.low, high: a.high & b.high };
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

/** A block, as far as the flow of registers goes. */
export type FlowBlock = {
  readonly code: IrBlock;
  readonly successors: readonly number[];
  /** It ends with a call, after which all that is read is loaded anew. */
  readonly isCall: boolean;
};

/** Computes which registers are live at the start of each block, read before they are set or a call comes, by the usual iterations. */
export function liveRegisters(blocks: readonly FlowBlock[]): readonly RegisterSet[] {
  const effects = blocks.map(({ code }) => effectsOf(code));
  const live = effects.map(({ read }) => read);
  untilStable(blocks, ({ successors, isCall }, index) => {
    const out = (isCall ? [] : successors).reduce((set, next) => union(set, live[next] ?? NO_REGISTERS), NO_REGISTERS);
    return grow(live, index, without(out, effects[index]?.written ?? NO_REGISTERS));
  });
  return live;
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
export function effectsOf(code: IrBlock): { readonly read: RegisterSet; readonly written: RegisterSet } {
  let [read, written] = [NO_REGISTERS, NO_REGISTERS];
  for (let index = 0; index < code.length; index++) {
    const register = code.low[index] ?? 0;
    if (code.kind[index] === KIND.get) read = union(read, without(including(NO_REGISTERS, register), written));
    if (code.kind[index] === KIND.set) written = including(written, register);
  }
  return { read, written };
}
