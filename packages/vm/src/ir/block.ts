/** A value of the IR: the index of the operation that makes it, within its block. */
export type Value = number & { readonly value?: never };

/** Kinds of operations. Operands stand in `a`, `b`, `c` (values) and `low`, `high` (numbers). */
export const KIND = {
  /** i32: low. i64: low, high. */
  constant32: 0,
  constant64: 1,
  /** Fields of a decoded record, in descriptions that stand for all operands: i32, i64, rounding mode (i32). */
  immediate32: 2,
  immediate64: 3,
  rounding: 4,
  /** i64: the unit's entry + low. In descriptions: this instruction (low 0) or the next (low 1). */
  pc: 5,
  /** WebAssembly's opcode in low; a, b (-1: none). */
  numeric: 6,
  /** a: condition, b, c. */
  select: 7,
  /** Register in low. */
  get: 8,
  // Everything from here on has an effect, or reads what an effect changes: it stays where it stands.
  set: 9,
  /** Guest memory: opcode in low, address in a, value in b. */
  load: 10,
  store: 11,
  /** Host address: address in a, size in low. */
  readAddress: 12,
  atomicAddress: 13,
  /** Opcode in low, host address in a (-1: none), offset in high, value in b. */
  hostLoad: 14,
  hostStore: 15,
  whenBegin: 16,
  whenEnd: 17,
  /** Operation in low, argument in a. */
  system: 18,
  systemEnd: 19,
  /** Operation in a. */
  float: 20,
  requireFloat: 21,
  /** Ends. Condition in a; displacement in low. */
  branch: 22,
  /** Register of the link in high; displacement in low. */
  jump: 23,
  /** Target in a; link in high; register of the base in low. */
  jumpTo: 24,
  /** A guest instruction begins: its distance from the entry in low, its length in high. */
  instruction: 25,
  /** Condition in a, value where it holds in b; between the two what happens where it doesn't; the value there in a. */
  chooseBegin: 26,
  chooseEnd: 27,
  /** Where the condition in a holds, as many of the instructions that follow as low says are skipped: what they set is chosen after them. */
  skip: 28,
} as const;

/** First kind that stays where it stands. */
export const FIRST_EFFECT: number = KIND.set;

/** Straight-line IR: operations in the order of the program, in arrays side by side. */
export class IrBlock {
  readonly kind: number[] = [];
  readonly a: number[] = [];
  readonly b: number[] = [];
  readonly c: number[] = [];
  readonly low: number[] = [];
  readonly high: number[] = [];

  /** How many operations there are. */
  get length(): number {
    return this.kind.length;
  }

  /** Adds an operation. Operands that are left out are -1. */
  // oxlint-disable-next-line max-params -- an object for each operation would be most of what a compilation allocates
  add(kind: number, low = 0, high = 0, a = -1, b = -1, c = -1): Value {
    this.kind.push(kind);
    this.low.push(low);
    this.high.push(high);
    this.a.push(a);
    this.b.push(b);
    return this.c.push(c) - 1;
  }
}
