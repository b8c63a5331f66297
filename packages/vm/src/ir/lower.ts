import { SYSTEM } from "../riscv/hart/port.ts";
import { STATE } from "../memory/layout.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE, type ValueType } from "../wasm/opcodes.ts";
import { FIRST_EFFECT, IrBlock, KIND, type Value } from "./block.ts";
import { typeOf } from "./kinds.ts";
import { accessSize } from "./signatures.ts";

/**
 * Indices of the functions that all generated code can call. First the slow side's, imported from TypeScript (HartHelpers, and `decode`
 * and `hot` of the processor); then those around them that take i64, which the core module defines and units import from it.
 */
export const HELPER = {
  load: 0,
  atomic: 1,
  store: 2,
  system: 3,
  float: 4,
  fetch: 5,
  decode: 6,
  hot: 7,
  loadReserved: 8,
  translateLoad: 9,
  translateAtomic: 10,
  translateReserved: 11,
  storeSlowly: 12,
} as const;

/** How many of them are TypeScript. */
export const HOST_HELPERS = 9;

/** Argument of SYSTEM.illegal where the instruction's bits are not in STATE.value. */
export const UNKNOWN_BITS = 1;

/** What differs between the interpreter's handlers and compiled units. */
export interface LoweringTarget {
  /** Pushes a register's i64. */
  getRegister(register: number): void;
  /** Pushes where a register's new value goes, if that is a place in memory. */
  prepareSet(register: number): void;
  /** Pops a register's new i64, and what `prepareSet` pushed. */
  setRegister(register: number): void;
  /** Pushes a field of the decoded record; a compiled unit has none. */
  field(kind: number): void;
  /** Pushes an address (i64): the entry + distance in units, this (0) or the next (1) instruction in descriptions. */
  pc(distance: number): void;
  /** Sets STATE.pc to the current instruction's address. */
  storePc(): void;
  /** Sets STATE.budget. */
  storeBudget(): void;
  /** The helper may have changed STATE.budget. */
  loadBudget(): void;
  /** Pushes an address (i64) and a distance times 16 (i32) that make the current instruction's address. @param size added to the second */
  site(size: number): void;
  /** Local that holds what is left of the slice. */
  readonly budget: number;
  /** Prepares `leaveIf`: which registers are to be written back. */
  prepareLeave(): void;
  /** Pops a condition: where it is not 0, leaves after a trap. STATE.pc and STATE.budget are right. Registers are written back first. */
  leaveIf(): void;
  /** Registers in memory are right from here on, whatever happens to them there. */
  flush(): void;
  /** After `flush`: leaves, without writing registers back. */
  leaveFlushed(): void;
  /** Pushes the offset of a look-aside buffer's entry, given its index (scaled) on the stack. Returns what is still to add. */
  tlb(kind: "read" | "write"): number;
  /** The end of an instruction that ends its block. @param value the condition or target @param operation index in the block */
  terminator(kind: number, value: Value, push: (value: Value) => void, operation: Value): void;
  /** A guest instruction begins. */
  instruction(distance: number, length: number): void;
}

/** Turns straight-line IR into WebAssembly. Pure operations are written where they are used, effects where they stand. */
export class Lowering {
  readonly #writer: FunctionWriter;
  readonly #target: LoweringTarget;
  readonly #free: Map<ValueType, number[]> = new Map();
  #taken: [ValueType, number][] = [];
  #block: IrBlock = new IrBlock();
  #uses: Uint16Array = new Uint16Array(0);
  /** Local that holds a value; 0: none (local 0 is always a parameter). */
  #local: Uint32Array = new Uint32Array(0);
  /** Values read from registers, or made of such, that are still to be used. */
  #pending: Value[] = [];

  constructor(writer: FunctionWriter, target: LoweringTarget) {
    this.#writer = writer;
    this.#target = target;
  }

  /** Lowers a whole block. */
  lower(block: IrBlock): void {
    this.#block = block;
    this.#uses = countUses(block);
    this.#local = new Uint32Array(block.length);
    this.#pending = [];
    for (let index = 0; index < block.length; index++) {
      if ((block.kind[index] ?? 0) >= FIRST_EFFECT) this.#effect(index);
      else if (this.#uses[index]) this.#pending.push(index);
    }
    this.#releaseAll();
  }

  /** A local that is free for now; given back when the next guest instruction begins. */
  #take(type: ValueType): number {
    const local = this.#free.get(type)?.pop() ?? this.#writer.local(type);
    this.#taken.push([type, local]);
    return local;
  }

  #releaseAll(): void {
    for (const [type, local] of this.#taken) {
      const list = this.#free.get(type);
      if (list) list.push(local);
      else this.#free.set(type, [local]);
    }
    this.#taken = [];
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
    const kept = this.#take(this.#typeOf(value));
    this.#local[value] = kept;
    writer.tee(kept);
  };

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
    const kept = this.#take(this.#typeOf(value));
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
  }

  /** How each kind with an effect is lowered; what is not here ends its block. */
  readonly #effects: ReadonlyMap<number, (index: Value) => void> = new Map<number, (index: Value) => void>([
    [KIND.instruction, (index) => this.#instruction(index)],
    [KIND.set, (index) => this.#set(index)],
    [KIND.load, (index) => this.#load(index)],
    [KIND.store, (index) => this.#store(index)],
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
    this.#releaseAll();
    this.#pending = [];
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
    this.#translate(this.#inLocal(this.#a(index), TYPE.i64), this.#low(index), helper);
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
    this.push(this.#a(index));
    this.#writer.open(OP.if);
  }

  #beginChoose(index: Value): void {
    this.#settle((other) => this.#isWorthKeeping(other)); // The rest is computed anew at each use, in either arm.
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

  #hostAddress(address: Value): void {
    if (address === -1) this.#writer.i32(0);
    else this.push(address);
  }

  #inLocal(value: Value, type: ValueType): number {
    this.push(value);
    const local = this.#take(type);
    this.#writer.set(local);
    return local;
  }

  #load(index: Value): void {
    const opcode = this.#low(index);
    this.#translate(this.#inLocal(this.#a(index), TYPE.i64), accessSize(opcode), HELPER.translateLoad);
    this.#writer.memory(opcode, 0);
    if (this.#uses[index]) this.#keep(index);
    else this.#writer.op(OP.drop);
  }

  /** Leaves 1 on the stack where the look-aside buffer knows the address. @returns the local that holds the entry's offset */
  #probe(address: number, size: number, kind: "read" | "write"): readonly [entry: number, offset: number] {
    const writer = this.#writer;
    const entry = this.#take(TYPE.i32);
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.i32(8);
    writer.op(OP.i32ShrU);
    writer.i32(0x3ff0);
    writer.op(OP.i32And);
    const offset = this.#target.tlb(kind);
    writer.tee(entry);
    writer.memory(OP.i64Load, offset);
    writer.get(address);
    writer.i64(-4096 | (size - 1), -1);
    writer.op(OP.i64And);
    writer.op(OP.i64Eq);
    return [entry, offset];
  }

  #hostOf(entry: number, offset: number, address: number): void {
    const writer = this.#writer;
    writer.get(entry);
    writer.memory(OP.i32Load, offset + 8);
    writer.get(address);
    writer.op(OP.i32WrapI64);
    writer.op(OP.i32Add);
  }

  /** Pushes the host address of a guest address (in a local). Leaves where it traps. */
  #translate(address: number, size: number, helper: number): void {
    const writer = this.#writer;
    const [entry, offset] = this.#probe(address, size, helper === HELPER.translateAtomic ? "write" : "read");
    writer.open(OP.if, TYPE.i32);
    this.#hostOf(entry, offset, address);
    writer.op(OP.else);
    this.#target.prepareLeave();
    writer.get(address);
    this.#target.site(size);
    writer.get(this.#target.budget);
    writer.call(helper);
    writer.tee(entry);
    writer.op(OP.i32Eqz);
    this.#target.leaveIf();
    writer.get(entry);
    writer.close();
  }

  #store(index: Value): void {
    const writer = this.#writer;
    const opcode = this.#low(index);
    const address = this.#inLocal(this.#a(index), TYPE.i64);
    const stored = this.#inLocal(this.#b(index), TYPE.i64);
    const size = accessSize(opcode);
    const [entry, offset] = this.#probe(address, size, "write");
    writer.open(OP.if);
    this.#hostOf(entry, offset, address);
    writer.get(stored);
    writer.memory(opcode, 0);
    writer.op(OP.else);
    this.#target.prepareLeave();
    writer.get(address);
    writer.get(stored);
    this.#target.site(size);
    writer.get(this.#target.budget);
    writer.call(HELPER.storeSlowly);
    writer.tee(this.#target.budget); // A device may have asked for an end of the slice.
    writer.op(OP.i32Eqz);
    this.#target.leaveIf();
    writer.close();
  }

  #system(index: Value): void {
    const writer = this.#writer;
    this.#settle(() => true);
    this.#target.flush(); // Where it leaves, it may have set rd in memory.
    this.#target.storePc();
    this.#target.storeBudget();
    writer.i32(this.#low(index));
    this.push(this.#a(index));
    writer.call(HELPER.system);
    writer.op(OP.i32Eqz);
    this.#target.loadBudget();
    writer.open(OP.if);
    this.#target.leaveFlushed();
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
    this.#target.leaveFlushed();
  }

  /** The helper changes no register: nothing has to be computed before it. */
  #float(index: Value): void {
    this.#target.storePc();
    this.#target.storeBudget();
    this.#target.prepareLeave();
    this.push(this.#a(index));
    this.#writer.call(HELPER.float);
    this.#writer.op(OP.i32Eqz);
    this.#target.leaveIf();
  }

  /** The slow side makes it an illegal instruction, or turns floating point on and runs it again. */
  #requireFloat(): void {
    const writer = this.#writer;
    writer.i32(0);
    writer.memory(OP.i32Load, STATE.floatEnabled);
    writer.op(OP.i32Eqz);
    writer.open(OP.if);
    this.#target.flush();
    this.#target.storePc();
    this.#target.storeBudget();
    writer.i32(SYSTEM.illegal);
    writer.i32(UNKNOWN_BITS);
    writer.call(HELPER.system);
    writer.op(OP.drop);
    this.#target.leaveFlushed();
    writer.close();
  }
}

/** Registers from here on are fields of a decoded record: rd, rs1, rs2, rs3. */
export const FIELD_REGISTER = 100;

function countUses(block: IrBlock): Uint16Array {
  const uses = new Uint16Array(block.length);
  for (const list of [block.a, block.b, block.c])
    for (const value of list) if (value !== -1) uses[value] = (uses[value] ?? 0) + 1;
  return uses;
}
