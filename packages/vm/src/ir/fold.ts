import { OP } from "../wasm/opcodes.ts";
import { type IrBlock, KIND, type Value } from "./block.ts";

/** Adds two 64-bit numbers in halves. */
function add64(aLow: number, aHigh: number, bLow: number, bHigh: number): readonly [number, number] {
  const low = (aLow + bLow) | 0;
  const carry = (aLow >>> 0) + (bLow >>> 0) > 0xffff_ffff ? 1 : 0;
  return [low, (aHigh + bHigh + carry) | 0];
}

function shiftLeft64(low: number, high: number, amount: number): readonly [number, number] {
  const count = amount & 63;
  if (count === 0) return [low, high];
  return count >= 32 ? [0, low << (count - 32)] : [low << count, (high << count) | (low >>> (32 - count))];
}

type Halves = readonly [aLow: number, aHigh: number, bLow: number, bHigh: number];

/** What can be computed from two constants. Only what instruction sequences that make constants use. */
const FOLDS: ReadonlyMap<number, (...halves: Halves) => readonly [number, number]> = new Map<
  number,
  (...halves: Halves) => readonly [number, number]
>([
  [OP.i64Add, add64],
  [OP.i64And, (aLow, aHigh, bLow, bHigh) => [aLow & bLow, aHigh & bHigh]],
  [OP.i64Or, (aLow, aHigh, bLow, bHigh) => [aLow | bLow, aHigh | bHigh]],
  [OP.i64Xor, (aLow, aHigh, bLow, bHigh) => [aLow ^ bLow, aHigh ^ bHigh]],
  [OP.i64Shl, (aLow, aHigh, bLow) => shiftLeft64(aLow, aHigh, bLow)],
]);

/** The same for i32. */
const FOLDS32: ReadonlyMap<number, (a: number, b: number) => number> = new Map<
  number,
  (a: number, b: number) => number
>([
  [OP.i32Add, (a, b) => (a + b) | 0],
  [OP.i32And, (a, b) => a & b],
  [OP.i32Or, (a, b) => a | b],
  [OP.i32Shl, (a, b) => a << b],
  [OP.i32Eq, (a, b) => (a === b ? 1 : 0)],
  [OP.i32LtU, (a, b) => (a >>> 0 < b >>> 0 ? 1 : 0)],
]);

function foldNumeric32(block: IrBlock, opcode: number, a: Value, b: Value): Value | undefined {
  const { kind, low } = block;
  if (opcode === OP.i32And && low[b] === 0) return b;
  if (low[b] === 0 && KEEPS32.has(opcode)) return a;
  if (kind[a] !== KIND.constant32) return undefined;
  const folded = FOLDS32.get(opcode)?.(low[a] ?? 0, low[b] ?? 0);
  return folded === undefined ? undefined : block.add(KIND.constant32, folded);
}

/** A simpler value that equals a numeric operation, where there is one. @param concrete operands are those of one instruction */
export function foldNumeric(
  block: IrBlock,
  opcode: number,
  [a, b]: readonly [Value, Value],
  concrete: boolean,
): Value | undefined {
  const { kind } = block;
  if (b === -1) return foldUnary(block, opcode, a);
  if (kind[b] === KIND.constant32) return foldNumeric32(block, opcode, a, b);
  if (kind[b] !== KIND.constant64) return undefined;
  if (isNothing(block, opcode, b)) return a;
  if (kind[a] === KIND.constant64) return foldNumeric64(block, opcode, a, b);
  return concrete && kind[a] === KIND.pc ? foldAddress(block, opcode, a, b) : undefined;
}

const KEEPS32: ReadonlySet<number> = new Set<number>([OP.i32Add, OP.i32Sub, OP.i32Or, OP.i32Xor, OP.i32Shl]);
const KEEPS: ReadonlySet<number> = new Set<number>([OP.i64Add, OP.i64Sub, OP.i64Or, OP.i64Xor]);

/** The operation leaves its first operand as it is. */
function isNothing({ low, high }: IrBlock, opcode: number, b: Value): boolean {
  return low[b] === 0 && high[b] === 0 && KEEPS.has(opcode);
}

function foldNumeric64(block: IrBlock, opcode: number, a: Value, b: Value): Value | undefined {
  const { low, high } = block;
  const folded = FOLDS.get(opcode)?.(low[a] ?? 0, high[a] ?? 0, low[b] ?? 0, high[b] ?? 0);
  return folded && block.add(KIND.constant64, folded[0], folded[1]);
}

/** An address near the entry stays one: that is how targets of far calls become known. Farther ones would not fit a displacement. */
function foldAddress(block: IrBlock, opcode: number, a: Value, b: Value): Value | undefined {
  const [from, low, high] = [block.low[a] ?? 0, block.low[b] ?? 0, block.high[b] ?? 0];
  if (high !== low >> 31) return undefined;
  if (opcode === OP.i64And && low === -2) return block.add(KIND.pc, from & -2); // Entries are even.
  const sum = from + low;
  return opcode === OP.i64Add && sum === (sum | 0) ? block.add(KIND.pc, sum) : undefined;
}

function foldUnary(block: IrBlock, opcode: number, a: Value): Value | undefined {
  const { kind, low } = block;
  if (kind[a] === KIND.constant64 && opcode === OP.i32WrapI64) return block.add(KIND.constant32, low[a]);
  if (kind[a] === KIND.constant32 && opcode === OP.i64ExtendI32S)
    return block.add(KIND.constant64, low[a], (low[a] ?? 0) >> 31);
  return undefined;
}
