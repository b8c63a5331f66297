import * as fc from "fast-check";
import { RAM_BASE, STATE } from "../../memory/layout.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { Value } from "../block.ts";
import type { IrBuilder, Operands, Semantics } from "../port.ts";

/** Where in the guest's RAM what is made here loads and stores: 2 KiB from here on. */
export const DATA_ADDRESS: number = RAM_BASE + 0x2000;

const KINDS = [
  "long",
  "word",
  "compare",
  "wrap",
  "extend",
  "select",
  "pc",
  "get",
  "set",
  "load",
  "store",
  "state",
  "when",
  "choose",
] as const;

/** One thing that an instruction does; numbers choose among values that are there, registers and opcodes. */
export type Step = {
  readonly kind: (typeof KINDS)[number];
  readonly choices: readonly [number, number, number, number];
};

const LONG = [OP.i64Add, OP.i64Sub, OP.i64Mul, OP.i64And, OP.i64Or, OP.i64Xor, OP.i64Shl, OP.i64ShrU, OP.i64Rotl];
const COMPARISONS = [OP.i64Eq, OP.i64LtU, OP.i64LtS, OP.i64GeU];
const WORD = [OP.i32Add, OP.i32And, OP.i32Or, OP.i32Shl, OP.i32LtU, OP.i32Eq];
const LOADS = [OP.i64Load, OP.i64Load32S, OP.i64Load16U, OP.i64Load8S];
const STORES = [OP.i64Store, OP.i64Store32, OP.i64Store16, OP.i64Store8];

function pick<T>(list: readonly T[], choice: number): T {
  const picked = list[choice % list.length];
  if (picked === undefined) throw new RangeError("nothing to pick from");
  return picked;
}

/** An instruction while it is made. */
class Making {
  readonly builder: IrBuilder;
  readonly registers: readonly number[];
  readonly longs: Value[];
  readonly words: Value[];

  constructor(builder: IrBuilder, { rd, rs1, rs2 }: Operands) {
    this.builder = builder;
    this.registers = [rd, rs1, rs2];
    this.longs = [builder.get(rs1), builder.get(rs2), builder.immediate()];
    this.words = [builder.immediate32(), builder.constant32(1)];
  }

  long(choice: number): Value {
    return pick(this.longs, choice);
  }

  word(choice: number): Value {
    return pick(this.words, choice);
  }

  address(choice: number): Value {
    const { builder } = this;
    const offset = builder.op(OP.i64And, this.long(choice), builder.constant(0x7f8));
    return builder.op(OP.i64Add, offset, builder.constant(DATA_ADDRESS | 0, 0));
  }
}

type Act = (making: Making, choices: Step["choices"]) => void;

const ACTS: Readonly<Record<Step["kind"], Act>> = {
  long: (making, [a, b, c]) => making.longs.push(making.builder.op(pick(LONG, a), making.long(b), making.long(c))),
  word: (making, [a, b, c]) => making.words.push(making.builder.op(pick(WORD, a), making.word(b), making.word(c))),
  compare: (making, [a, b, c]) =>
    making.words.push(making.builder.op(pick(COMPARISONS, a), making.long(b), making.long(c))),
  wrap: (making, [a]) => making.words.push(making.builder.op(OP.i32WrapI64, making.long(a))),
  extend: (making, [a]) => making.longs.push(making.builder.op(OP.i64ExtendI32S, making.word(a))),
  select: (making, [a, b, c]) =>
    making.longs.push(making.builder.select(making.word(a), making.long(b), making.long(c))),
  pc: (making, [a]) => making.longs.push(a % 2 === 0 ? making.builder.pc() : making.builder.nextPc()),
  get: (making, [a]) => making.longs.push(making.builder.get(pick(making.registers.slice(1), a))),
  set: (making, [a]) => making.builder.set(pick(making.registers, 0), making.long(a)),
  load: (making, [a, b]) => making.longs.push(making.builder.load(pick(LOADS, a), making.address(b))),
  store: (making, [a, b, c]) => making.builder.store(pick(STORES, a), making.address(b), making.long(c)),
  state: (making) => making.longs.push(making.builder.state(OP.i64Load, STATE.value2)),
  when: ({ builder, ...making }, [a, b]) => {
    const [condition, value] = [pick(making.words, a), pick(making.longs, b)];
    builder.when(condition, () => builder.setState(OP.i64Store, STATE.value2, value));
  },
  choose: (making, [a, b, c, d]) => {
    const { builder } = making;
    const otherwise = (): Value => {
      builder.setState(OP.i64Store, STATE.value3, making.long(c));
      return builder.op(OP.i64Add, builder.state(OP.i64Load, STATE.value3), making.long(d));
    };
    making.longs.push(builder.choose(making.word(a), making.long(b), otherwise));
  },
};

const choice = fc.nat({ max: 1000 });

/** What instructions do: some steps, and rd set in the end. */
export const randomSteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    choices: fc.tuple(choice, choice, choice, choice),
  }),
  { maxLength: 12 },
);

/** The instruction that does these steps. */
export function semanticsOf(steps: readonly Step[]): Semantics {
  return (builder, operands) => {
    const making = new Making(builder, operands);
    for (const { kind, choices } of steps) ACTS[kind](making, choices);
    builder.set(operands.rd, making.long(making.longs.length - 1));
  };
}
