import { SYSTEM } from "../riscv/hart/port.ts";
import { STATE } from "../memory/layout.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE, type ValueType } from "../wasm/opcodes.ts";
import { FIRST_EFFECT, IrBlock, KIND, type Value } from "./block.ts";
import { HELPER } from "./helpers.ts";
import { typeOf } from "./kinds.ts";
import { LocalPool } from "./local-pool.ts";
import { AccessLowering } from "./lower-access.ts";
import type { LoweringTarget } from "./lowering-target.ts";

/** Argument of SYSTEM.illegal where the instruction's bits are not in STATE.value. */
export const UNKNOWN_BITS = 1;

/** Turns straight-line IR into WebAssembly. Pure operations are written where they are used, effects where they stand. */
export class Lowering {
  readonly #writer: FunctionWriter;
  readonly #target: LoweringTarget;
  /** What is taken is given back when the next guest instruction begins. */
  readonly #locals: LocalPool;
  readonly #accesses: AccessLowering;
  #block: IrBlock = new IrBlock();
  #uses: Uint16Array = new Uint16Array(0);
  /** Local that holds a value; 0: none (local 0 is always a parameter). */
  #local: Uint32Array = new Uint32Array(0);
  /** Values read from registers, or made of such, that are still to be used. */
  #pending: Value[] = [];
  /** Has the current guest instruction had no effect yet, so that it may run once more? */
  #isUntouched = false;

  constructor(writer: FunctionWriter, target: LoweringTarget) {
    this.#writer = writer;
    this.#target = target;
    this.#locals = new LocalPool(writer);
    this.#accesses = new AccessLowering({
      writer,
      target,
      locals: this.#locals,
      push: this.push,
      canRetry: () => this.#isUntouched && target.canRetry(),
      pushInArm: (value) => this.#pushInArm(value),
    });
  }

  /** Lowers a whole block. */
  lower(block: IrBlock): void {
    this.#block = block;
    this.#uses = countUses(block);
    this.#local = new Uint32Array(block.length);
    this.#pending = [];
    this.#accesses.begin(block);
    for (let index = 0; index < block.length; index++) {
      if ((block.kind[index] ?? 0) >= FIRST_EFFECT) this.#effect(index);
      else if (this.#uses[index]) this.#pending.push(index);
    }
    this.#locals.releaseTaken();
    this.#accesses.end();
  }

  #typeOf(value: Value): ValueType {
    return typeOf(this.#block, value) ?? TYPE.i64;
  }

  /** Pushes a value, and computes it where that was not done yet. */
  readonly push = (value: Value): void => {
    const writer = this.#writer;
    const local = this.#local[value] ?? 0;
    if (local) return writer.get(local);
    this.#compute(value);
    const uses = (this.#uses[value] = (this.#uses[value] ?? 1) - 1);
    if (uses === 0 || !this.#isWorthKeeping(value)) return;
    const kept = this.#locals.take(this.#typeOf(value));
    this.#local[value] = kept;
    writer.tee(kept);
  };

  #pushInArm(value: Value): void {
    this.#compute(value);
    this.#uses[value] = 0;
  }

  #isWorthKeeping(value: Value): boolean {
    const kind = this.#block.kind[value] ?? 0;
    return kind === KIND.numeric || kind === KIND.select;
  }

  /** Pushes what an operation without effect makes. */
  #compute(value: Value): void {
    const { kind, low, high } = this.#block;
    const operand = low[value] ?? 0;
    switch (kind[value] ?? -1) {
      case KIND.constant32:
        return this.#writer.i32(operand);
      case KIND.constant64:
        return this.#writer.i64(operand, high[value] ?? 0);
      case KIND.pc:
        return this.#target.pc(operand);
      case KIND.get:
        return this.#target.getRegister(operand);
      case KIND.numeric:
        return this.#numeric(value, operand);
      case KIND.select:
        return this.#select(value);
      default:
        return this.#target.field(kind[value] ?? 0);
    }
  }

  #numeric(value: Value, opcode: number): void {
    const { a, b } = this.#block;
    this.push(a[value] ?? 0);
    if (b[value] !== -1) this.push(b[value] ?? 0);
    this.#writer.op(opcode);
  }

  #select(value: Value): void {
    const { a, b, c } = this.#block;
    this.push(b[value] ?? 0);
    this.push(c[value] ?? 0);
    this.push(a[value] ?? 0);
    this.#writer.op(OP.select);
  }

  /** Puts into locals what would change its value, or be computed where it can't be seen later. */
  #settle(isAffected: (value: Value) => boolean): void {
    this.#pending = this.#pending.filter((value) => {
      if (!this.#uses[value] || this.#local[value]) return false;
      if (!isAffected(value)) return true;
      this.#compute(value);
      this.#keep(value);
      return false;
    });
  }

  #keep(value: Value): void {
    const kept = this.#locals.take(this.#typeOf(value));
    this.#local[value] = kept;
    this.#writer.set(kept);
  }

  /** True where a value reads a register, itself or through what it is made of. In descriptions all registers may be one. */
  #reads(value: Value, register: number): boolean {
    const { kind, a, b, c, low } = this.#block;
    if (this.#local[value]) return false;
    if (kind[value] === KIND.get) return register >= FIELD_REGISTER || low[value] === register;
    if (kind[value] !== KIND.numeric && kind[value] !== KIND.select) return false;
    return [a[value] ?? -1, b[value] ?? -1, c[value] ?? -1].some((part) => part !== -1 && this.#reads(part, register));
  }

  #effect(index: Value): void {
    const { kind, a } = this.#block;
    const lower = this.#effects.get(kind[index] ?? -1);
    if (lower) lower(index);
    else this.#target.terminator(kind[index] ?? 0, a[index] ?? -1, this.push, index);
    if (kind[index] !== KIND.instruction && kind[index] !== KIND.requireFloat) this.#isUntouched = false;
  }

  /** How each kind with an effect is lowered; what is not here ends its block. */
  readonly #effects: ReadonlyMap<number, (index: Value) => void> = new Map<number, (index: Value) => void>([
    [KIND.instruction, (index) => this.#instruction(index)],
    [KIND.set, (index) => this.#set(index)],
    [KIND.load, (index) => this.#load(index)],
    [KIND.store, (index) => this.#accesses.store(index)],
    [KIND.readAddress, (index) => this.#address(index, HELPER.translateReserved)],
    [KIND.atomicAddress, (index) => this.#address(index, HELPER.translateAtomic)],
    [KIND.hostLoad, (index) => this.#hostLoad(index)],
    [KIND.hostStore, (index) => this.#hostStore(index)],
    [KIND.whenBegin, (index) => this.#beginWhen(index)],
    [KIND.whenEnd, () => this.#writer.close()],
    [KIND.chooseBegin, (index) => this.#beginChoose(index)],
    [KIND.chooseEnd, (index) => this.#endChoose(index)],
    [KIND.system, (index) => this.#system(index)],
    [KIND.systemEnd, (index) => this.#systemEnd(index)],
    [KIND.float, (index) => this.#float(index)],
    [KIND.skip, (index) => this.#skip(index)],
    [KIND.requireFloat, () => this.#requireFloat()],
  ]);

  #a(index: Value): Value {
    return this.#block.a[index] ?? 0;
  }

  #b(index: Value): Value {
    return this.#block.b[index] ?? 0;
  }

  #low(index: Value): number {
    return this.#block.low[index] ?? 0;
  }

  #instruction(index: Value): void {
    this.#locals.releaseTaken();
    this.#pending = [];
    this.#isUntouched = true;
    this.#target.instruction(this.#low(index), this.#block.high[index] ?? 0);
  }

  #set(index: Value): void {
    const register = this.#low(index);
    this.#target.prepareSet(register);
    this.push(this.#a(index));
    this.#settle((other) => this.#reads(other, register));
    this.#target.setRegister(register);
  }

  #address(index: Value, helper: number): void {
    this.#accesses.translate(this.#inLocal(this.#a(index), TYPE.i64), this.#low(index), helper);
    this.#keep(index);
  }

  #hostLoad(index: Value): void {
    this.#hostAddress(this.#a(index));
    this.#writer.memory(this.#low(index), this.#block.high[index] ?? 0);
    this.#keep(index);
  }

  #hostStore(index: Value): void {
    this.#hostAddress(this.#a(index));
    this.push(this.#b(index));
    this.#writer.memory(this.#low(index), this.#block.high[index] ?? 0);
  }

  #beginWhen(index: Value): void {
    this.#settle(() => true);
    this.#target.flush();
    this.push(this.#a(index));
    this.#writer.open(OP.if);
  }

  #beginChoose(index: Value): void {
    this.#settle((other) => this.#isWorthKeeping(other)); // The rest is computed anew at each use, in either arm.
    this.#target.flush();
    this.push(this.#a(index));
    this.#writer.open(OP.if, TYPE.i64);
    this.push(this.#b(index));
    this.#writer.op(OP.else);
  }

  #endChoose(index: Value): void {
    this.push(this.#a(index));
    this.#writer.close();
    this.#keep(index);
  }

  #skip(index: Value): void {
    this.#target.skip(this.#low(index), () => this.push(this.#a(index)));
  }

  #hostAddress(address: Value): void {
    if (address === -1) this.#writer.i32(0);
    else this.push(address);
  }

  #inLocal(value: Value, type: ValueType): number {
    this.push(value);
    const local = this.#locals.take(type);
    this.#writer.set(local);
    return local;
  }

  #load(index: Value): void {
    this.#accesses.load(index);
    if (this.#uses[index]) this.#keep(index);
    else this.#writer.op(OP.drop);
  }

  #system(index: Value): void {
    const writer = this.#writer;
    this.#settle(() => true);
    this.#target.flush(); // Where it leaves, it may have set rd in memory.
    this.#target.storePc();
    this.#target.storeBudget();
    writer.i32(this.#low(index));
    this.push(this.#a(index));
    writer.call(this.#low(index) <= SYSTEM.csrWriteOnly ? HELPER.accessRegister : HELPER.system);
    writer.op(OP.i32Eqz);
    this.#target.loadBudget();
    writer.open(OP.if);
    this.#target.leave();
    writer.close();
  }

  #systemEnd(index: Value): void {
    const writer = this.#writer;
    this.#target.flush();
    this.#target.storePc();
    this.#target.storeBudget();
    writer.i32(this.#low(index));
    this.push(this.#a(index));
    writer.call(HELPER.system);
    writer.op(OP.drop);
    this.#target.loadBudget();
    this.#target.leave();
  }

  /** The helper changes no register: nothing has to be computed before it. */
  #float(index: Value): void {
    const writer = this.#writer;
    this.#target.flush();
    this.#target.storePc();
    this.#target.storeBudget();
    this.push(this.#a(index));
    writer.call(HELPER.float);
    writer.op(OP.i32Eqz);
    writer.open(OP.if);
    this.#target.leave();
    writer.close();
  }

  /** The slow side makes it an illegal instruction, or turns floating point on and runs it again. */
  #requireFloat(): void {
    const writer = this.#writer;
    this.#target.flush();
    writer.i32(0);
    writer.memory(OP.i32Load, STATE.floatEnabled);
    writer.op(OP.i32Eqz);
    writer.open(OP.if);
    this.#target.storePc();
    this.#target.storeBudget();
    writer.i32(SYSTEM.illegal);
    writer.i32(UNKNOWN_BITS);
    writer.call(HELPER.system);
    writer.op(OP.drop);
    this.#target.leave();
    writer.close();
  }
}

/** Registers from here on are fields of a decoded record: rd, rs1, rs2, rs3. */
export const FIELD_REGISTER = 100;

/** How often each value is used. What nothing uses, and has no effect, uses nothing itself; operands stand before what uses them. */
function countUses({ kind, a, b, c, length }: IrBlock): Uint16Array {
  const uses = new Uint16Array(length);
  const count = (value: Value): void => {
    if (value !== -1) uses[value] = (uses[value] ?? 0) + 1;
  };
  for (let index = length - 1; index >= 0; index--) {
    if (uses[index] === 0 && (kind[index] ?? 0) < FIRST_EFFECT) continue;
    count(a[index] ?? -1);
    count(b[index] ?? -1);
    count(c[index] ?? -1);
  }
  return uses;
}
