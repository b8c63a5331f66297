import { OP, TYPE, type ValueType } from "../wasm/opcodes.ts";
import { type IrBlock, KIND, type Value } from "./block.ts";
import { loadType, signatureOf } from "./signatures.ts";

/** What an operation of one kind takes and gives. */
export type KindRule = {
  /** As it is printed. */
  readonly name: string;
  /** Types of a, b and c. */
  readonly operands: readonly ValueType[];
  readonly result?: ValueType;
  /** Where it may stand: in descriptions, which stand for all operands, or in code of known operands. Left out: in both. */
  readonly only?: "description" | "concrete";
  /** Nothing may follow it. */
  readonly isEnd?: true;
};

const { i32, i64 } = TYPE;

const RULES: ReadonlyMap<number, KindRule> = new Map<number, KindRule>([
  [KIND.constant32, { name: "i32.const", operands: [], result: i32 }],
  [KIND.constant64, { name: "i64.const", operands: [], result: i64 }],
  [KIND.immediate32, { name: "immediate32", operands: [], result: i32, only: "description" }],
  [KIND.immediate64, { name: "immediate64", operands: [], result: i64, only: "description" }],
  [KIND.rounding, { name: "rounding", operands: [], result: i32, only: "description" }],
  [KIND.pc, { name: "pc", operands: [], result: i64 }],
  [KIND.get, { name: "get", operands: [], result: i64 }],
  [KIND.set, { name: "set", operands: [i64] }],
  [KIND.load, { name: "load", operands: [i64], result: i64 }],
  [KIND.store, { name: "store", operands: [i64, i64] }],
  [KIND.readAddress, { name: "readAddress", operands: [i64], result: i32 }],
  [KIND.atomicAddress, { name: "atomicAddress", operands: [i64], result: i32 }],
  [KIND.whenBegin, { name: "when", operands: [i32] }],
  [KIND.whenEnd, { name: "end", operands: [] }],
  [KIND.chooseBegin, { name: "choose", operands: [i32, i64] }],
  [KIND.chooseEnd, { name: "chosen", operands: [i64], result: i64 }],
  [KIND.system, { name: "system", operands: [i32] }],
  [KIND.systemEnd, { name: "systemEnd", operands: [i32], isEnd: true }],
  [KIND.float, { name: "float", operands: [i32] }],
  [KIND.skip, { name: "skip", operands: [i32], only: "concrete" }],
  [KIND.requireFloat, { name: "requireFloat", operands: [] }],
  [KIND.branch, { name: "branch", operands: [i32], isEnd: true }],
  [KIND.jump, { name: "jump", operands: [], isEnd: true }],
  [KIND.jumpTo, { name: "jumpTo", operands: [i64], isEnd: true }],
  [KIND.instruction, { name: "instruction", operands: [], only: "concrete" }],
]);

function numericRule(opcode: number): KindRule | undefined {
  const signature = signatureOf(opcode);
  if (!signature) return undefined;
  const { operand, count, result } = signature;
  return { name: "numeric", operands: count === 1 ? [operand] : [operand, operand], result };
}

function hostRule(block: IrBlock, index: Value): KindRule {
  const opcode = block.low[index] ?? 0;
  const address = block.a[index] === -1 ? [] : [i32];
  if (block.kind[index] === KIND.hostLoad) return { name: "hostLoad", operands: address, result: loadType(opcode) };
  const isLong = opcode === OP.i64Store || opcode >= OP.i64Store8;
  return { name: "hostStore", operands: [...address, isLong ? i64 : i32] };
}

/** What an operation takes and gives. Undefined where its kind, or the opcode of a numeric one, is none. */
export function ruleOf(block: IrBlock, index: Value): KindRule | undefined {
  switch (block.kind[index] ?? -1) {
    case KIND.numeric:
      return numericRule(block.low[index] ?? 0);
    case KIND.select: {
      const type = typeOf(block, block.b[index] ?? -1) ?? i64;
      return { name: "select", operands: [i32, type, type], result: type };
    }
    case KIND.hostLoad:
    case KIND.hostStore:
      return hostRule(block, index);
    default:
      return RULES.get(block.kind[index] ?? -1);
  }
}

/** Type of what an operation gives; undefined where that is nothing. */
export function typeOf(block: IrBlock, value: Value): ValueType | undefined {
  return ruleOf(block, value)?.result;
}

/** An operation's operands, in their order: those of a, b and c that are there. */
export function operandsOf(block: IrBlock, index: Value): readonly Value[] {
  return [block.a[index] ?? -1, block.b[index] ?? -1, block.c[index] ?? -1].filter((value) => value !== -1);
}
