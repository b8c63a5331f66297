import { IrBlock, KIND, type Value } from "./block.ts";
import { foldNumeric } from "./fold.ts";
import type { IrBuilder } from "./port.ts";

/** What an instruction's fields are: numbers where it is known, undefined where the IR stands for all instructions of its kind. */
export type Fields = {
  readonly immediate: number;
  readonly rounding: number;
  readonly offset: number;
  readonly length: number;
  /** Of a branch: how many instructions it skips, where they do nothing but set registers, and are recorded next. */
  readonly skips?: number;
};

/** Instructions that are skipped where a condition holds. */
type Skip = {
  readonly condition: Value;
  /** What they set registers to. */
  readonly values: Map<number, Value>;
  /** How many of them are still to be recorded. */
  left: number;
};

/**
 * Writes down what a description says, as IR. Folds what is known: constants, addresses relative to the program counter, and what
 * registers hold after they were set to such.
 */
export class IrRecorder implements IrBuilder {
  readonly block: IrBlock = new IrBlock();
  #fields: Fields | undefined;
  /** What registers are known to hold: values of kind constant64 or pc. */
  readonly #known: Map<number, Value> = new Map();
  /** Floating point was on, and nothing has happened since that could turn it off. */
  #isFloatOn = false;
  #skip: Skip | undefined;

  /** Begins the next instruction. @param fields undefined: a description for all operands */
  begin(fields: Fields | undefined): void {
    this.#fields = fields;
    if (this.#skip && this.#skip.left-- > 0) return; // As one instruction with the branch: values live no longer than an instruction.
    this.end();
    if (fields) this.block.add(KIND.instruction, fields.offset, fields.length);
  }

  /** Ends the last instruction. */
  end(): void {
    if (!this.#skip) return;
    const { condition, values } = this.#skip;
    this.#skip = undefined;
    for (const [register, value] of values) this.set(register, this.select(condition, this.get(register), value));
  }

  constant(low: number, high: number = low >> 31): Value {
    return this.block.add(KIND.constant64, low | 0, high | 0);
  }

  constant32(value: number): Value {
    return this.block.add(KIND.constant32, value | 0);
  }

  immediate(): Value {
    return this.#fields ? this.constant(this.#fields.immediate) : this.block.add(KIND.immediate64);
  }

  immediate32(): Value {
    return this.#fields ? this.constant32(this.#fields.immediate) : this.block.add(KIND.immediate32);
  }

  rounding(): Value {
    return this.#fields ? this.constant32(this.#fields.rounding) : this.block.add(KIND.rounding);
  }

  pc(): Value {
    return this.block.add(KIND.pc, this.#fields ? this.#fields.offset : 0);
  }

  nextPc(): Value {
    return this.block.add(KIND.pc, this.#fields ? this.#fields.offset + this.#fields.length : 1);
  }

  get(register: number): Value {
    if (!this.#fields) return this.block.add(KIND.get, register);
    if (register === 0) return this.constant(0);
    const skippable = this.#skip?.values.get(register);
    if (skippable !== undefined) return skippable;
    const known = this.#known.get(register);
    return known === undefined ? this.block.add(KIND.get, register) : this.#copy(known);
  }

  #copy(value: Value): Value {
    const { kind, low, high } = this.block;
    return this.block.add(kind[value] ?? 0, low[value], high[value]);
  }

  set(register: number, value: Value): void {
    if (this.#fields) {
      if (register === 0) return;
      if (this.#skip) return void this.#skip.values.set(register, value);
      const kind = this.block.kind[value];
      if (kind === KIND.constant64 || kind === KIND.pc) this.#known.set(register, value);
      else this.#known.delete(register);
    }
    this.block.add(KIND.set, register, 0, value);
  }

  op(opcode: number, a: Value, b: Value = -1): Value {
    return (
      foldNumeric(this.block, opcode, [a, b], this.#fields !== undefined) ??
      this.block.add(KIND.numeric, opcode, 0, a, b)
    );
  }

  select(condition: Value, a: Value, b: Value): Value {
    if (this.block.kind[condition] === KIND.constant32) return this.block.low[condition] ? a : b;
    return this.block.add(KIND.select, 0, 0, condition, a, b);
  }

  load(opcode: number, address: Value): Value {
    return this.block.add(KIND.load, opcode, 0, address);
  }

  store(opcode: number, address: Value, value: Value): void {
    this.block.add(KIND.store, opcode, 0, address, value);
  }

  atomicAddress(address: Value, size: 4 | 8): Value {
    return this.block.add(KIND.atomicAddress, size, 0, address);
  }

  readAddress(address: Value, size: 4 | 8): Value {
    return this.block.add(KIND.readAddress, size, 0, address);
  }

  hostLoad(opcode: number, address: Value): Value {
    return this.block.add(KIND.hostLoad, opcode, 0, address);
  }

  hostStore(opcode: number, address: Value, value: Value): void {
    this.block.add(KIND.hostStore, opcode, 0, address, value);
  }

  state(opcode: number, offset: number): Value {
    return this.block.add(KIND.hostLoad, opcode, offset);
  }

  setState(opcode: number, offset: number, value: Value): void {
    this.block.add(KIND.hostStore, opcode, offset, -1, value);
  }

  when(condition: Value, body: () => void): void {
    this.block.add(KIND.whenBegin, 0, 0, condition);
    body();
    this.block.add(KIND.whenEnd);
  }

  choose(condition: Value, value: Value, otherwise: () => Value): Value {
    if (this.block.kind[condition] === KIND.constant32) return this.block.low[condition] ? value : otherwise();
    this.block.add(KIND.chooseBegin, 0, 0, condition, value);
    return this.block.add(KIND.chooseEnd, 0, 0, otherwise());
  }

  system(operation: number, argument: Value): void {
    this.#isFloatOn = false;
    this.block.add(KIND.system, operation, 0, argument);
  }

  systemEnd(operation: number, argument: Value): void {
    this.block.add(KIND.systemEnd, operation, 0, argument);
  }

  float(operation: Value): void {
    this.block.add(KIND.float, 0, 0, operation);
  }

  requireFloat(): void {
    if (this.#isFloatOn) return;
    this.block.add(KIND.requireFloat);
    this.#isFloatOn = this.#fields !== undefined;
  }

  branch(condition: Value): void {
    const { immediate = 0, skips } = this.#fields ?? {};
    if (skips === undefined) return void this.block.add(KIND.branch, immediate, 0, condition);
    this.block.add(KIND.skip, skips, 0, condition);
    this.#skip = { condition, values: new Map(), left: skips };
  }

  jump(link: number): void {
    this.#link(link, this.nextPc());
    this.block.add(KIND.jump, this.#fields?.immediate ?? 0, link);
  }

  jumpTo(target: Value, link: number, base: number): void {
    const next = this.nextPc();
    this.#link(link, next, target);
    this.block.add(KIND.jumpTo, base, link, target);
  }

  /** The link is set before the jump. The lowering keeps a target that was read before it. */
  #link(link: number, next: Value, _target: Value = -1): void {
    if (!this.#fields || link !== 0) this.set(link, next);
  }

  /** What a jump's target is known to be, relative to the unit's entry. */
  static knownTarget(block: IrBlock, target: Value): number | undefined {
    return block.kind[target] === KIND.pc ? block.low[target] : undefined;
  }
}
