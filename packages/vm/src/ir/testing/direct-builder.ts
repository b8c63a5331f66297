import { registerOffset, STATE } from "../../memory/layout.ts";
import type { HartHelpers } from "../../riscv/hart/port.ts";
import type { DecodedInstruction } from "../../riscv/isa/decode.ts";
import { OP } from "../../wasm/opcodes.ts";
import type { Value } from "../block.ts";
import type { IrBuilder, Semantics } from "../port.ts";
import { NUMERIC } from "./numeric.ts";

/** What the builder works on. */
export type DirectMemory = {
  /** The engine's memory: state of the hart where `memory/layout.ts` puts it, and some RAM. */
  readonly view: DataView;
  /** Where in it RAM is, how large it is, and its address in the guest; in bytes. */
  readonly ramOffset: number;
  readonly ramBytes: number;
  readonly ramBase: bigint;
};

/** Where an instruction led. Left: a helper has set STATE.pc. */
export type Outcome = { readonly type: "went-on" | "left"; readonly pc: bigint };

/** Thrown through an instruction's semantics where they end early. */
class Left extends Error {}

/** An instruction asked for memory that there is not. */
export class DirectFault extends Error {}

/** Bytes that a load or store moves, and whether what is loaded is signed. */
const ACCESSES: ReadonlyMap<number, readonly [bytes: number, isSigned: boolean]> = new Map([
  [OP.i32Load, [4, false]],
  [OP.i64Load, [8, false]],
  [OP.i64Load8S, [1, true]],
  [OP.i64Load8U, [1, false]],
  [OP.i64Load16S, [2, true]],
  [OP.i64Load16U, [2, false]],
  [OP.i64Load32S, [4, true]],
  [OP.i64Load32U, [4, false]],
  [OP.i32Store, [4, false]],
  [OP.i64Store, [8, false]],
  [OP.i64Store8, [1, false]],
  [OP.i64Store16, [2, false]],
  [OP.i64Store32, [4, false]],
]);

function accessOf(opcode: number): readonly [bytes: number, isSigned: boolean] {
  const access = ACCESSES.get(opcode);
  if (access === undefined) throw new TypeError(`Opcode ${opcode} neither loads nor stores.`);
  return access;
}

/**
 * An IR builder that carries out what it is told at once, on BigInt: the model that the engine's other ways of execution are held
 * against. Slow and plain. A memory access at a misaligned address is as good as any other, but for atomic operations.
 */
export class DirectBuilder implements IrBuilder {
  readonly #memory: DirectMemory;
  readonly #helpers: Pick<HartHelpers, "system" | "float">;
  #values: bigint[] = [];
  #decoded: DecodedInstruction | undefined;
  #pc = 0n;
  #next = 0n;

  constructor(memory: DirectMemory, helpers: Pick<HartHelpers, "system" | "float">) {
    this.#memory = memory;
    this.#helpers = helpers;
  }

  /** Carries out one instruction, by its semantics. @throws DirectFault */
  run(pc: bigint, decoded: DecodedInstruction, semantics: Semantics): Outcome {
    this.#values = [];
    this.#decoded = decoded;
    this.#pc = pc;
    this.#next = this.#wrap(pc + BigInt(decoded.length));
    this.#memory.view.setBigUint64(STATE.pc, pc, true);
    try {
      semantics(this, decoded);
    } catch (error) {
      if (!(error instanceof Left)) throw error;
      return { type: "left", pc: this.#memory.view.getBigUint64(STATE.pc, true) };
    }
    return { type: "went-on", pc: this.#next };
  }

  constant(low: number, high: number = low >> 31): Value {
    return this.#value((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
  }

  constant32(value: number): Value {
    return this.#value(BigInt(value >>> 0));
  }

  immediate(): Value {
    return this.constant(this.#instruction().immediate);
  }

  immediate32(): Value {
    return this.constant32(this.#instruction().immediate);
  }

  rounding(): Value {
    return this.constant32(this.#instruction().rounding);
  }

  pc(): Value {
    return this.#value(this.#pc);
  }

  nextPc(): Value {
    return this.#value(this.#following());
  }

  get(register: number): Value {
    return this.#value(register === 0 ? 0n : this.#memory.view.getBigUint64(registerOffset(register), true));
  }

  set(register: number, value: Value): void {
    this.#setRegister(register, this.#bits(value));
  }

  op(opcode: number, a: Value, b?: Value): Value {
    const operation = NUMERIC.get(opcode);
    if (operation === undefined) throw new TypeError(`No numeric instruction: opcode ${opcode}.`);
    return this.#value(operation(this.#bits(a), b === undefined ? 0n : this.#bits(b)));
  }

  select(condition: Value, a: Value, b: Value): Value {
    return this.#bits(condition) === 0n ? b : a;
  }

  load(opcode: number, address: Value): Value {
    return this.#read(opcode, this.#host(this.#bits(address), accessOf(opcode)[0]));
  }

  store(opcode: number, address: Value, value: Value): void {
    this.#write(opcode, this.#host(this.#bits(address), accessOf(opcode)[0]), this.#bits(value));
  }

  atomicAddress(address: Value, size: 4 | 8): Value {
    if (this.#bits(address) % BigInt(size) !== 0n) throw new DirectFault("A misaligned atomic operation.");
    return this.readAddress(address, size);
  }

  readAddress(address: Value, size: 4 | 8): Value {
    return this.constant32(this.#host(this.#bits(address), size));
  }

  hostLoad(opcode: number, address: Value): Value {
    return this.#read(opcode, Number(this.#bits(address)));
  }

  hostStore(opcode: number, address: Value, value: Value): void {
    this.#write(opcode, Number(this.#bits(address)), this.#bits(value));
  }

  state(opcode: number, offset: number): Value {
    return this.#read(opcode, offset);
  }

  setState(opcode: number, offset: number, value: Value): void {
    this.#write(opcode, offset, this.#bits(value));
  }

  when(condition: Value, body: () => void): void {
    if (this.#bits(condition) !== 0n) body();
  }

  choose(condition: Value, value: Value, otherwise: () => Value): Value {
    return this.#bits(condition) === 0n ? otherwise() : value;
  }

  system(operation: number, argument: Value): void {
    if (this.#helpers.system(operation, Number(this.#bits(argument))) === 0) throw new Left();
  }

  systemEnd(operation: number, argument: Value): void {
    this.system(operation, argument);
  }

  float(operation: Value): void {
    if (this.#helpers.float(Number(this.#bits(operation))) === 0)
      throw new DirectFault("A rounding mode that is none.");
  }

  requireFloat(): void {
    if (this.#memory.view.getInt32(STATE.floatEnabled, true) === 0) throw new DirectFault("Floating point is off.");
  }

  branch(condition: Value): void {
    if (this.#bits(condition) !== 0n) this.#next = this.#target();
  }

  jump(link: number): void {
    this.#setRegister(link, this.#following());
    this.#next = this.#target();
  }

  jumpTo(target: Value, link: number): void {
    this.#setRegister(link, this.#following());
    this.#next = this.#bits(target);
  }

  #instruction(): DecodedInstruction {
    if (this.#decoded === undefined) throw new TypeError("No instruction runs.");
    return this.#decoded;
  }

  #following(): bigint {
    return this.#wrap(this.#pc + BigInt(this.#instruction().length));
  }

  #target(): bigint {
    return this.#wrap(this.#pc + BigInt(this.#instruction().immediate));
  }

  #wrap(value: bigint): bigint {
    return BigInt.asUintN(64, value);
  }

  #value(bits: bigint): Value {
    return this.#values.push(bits) - 1;
  }

  #bits(value: Value): bigint {
    const bits = this.#values[value];
    if (bits === undefined) throw new TypeError(`Value ${value} is of another instruction.`);
    return bits;
  }

  #setRegister(register: number, bits: bigint): void {
    if (register !== 0) this.#memory.view.setBigUint64(registerOffset(register), bits, true);
  }

  #host(address: bigint, size: number): number {
    const { ramBase, ramBytes, ramOffset } = this.#memory;
    const offset = address - ramBase;
    if (offset < 0n || offset > BigInt(ramBytes - size)) throw new DirectFault(`No memory at ${address.toString(16)}.`);
    return ramOffset + Number(offset);
  }

  #read(opcode: number, offset: number): Value {
    const [bytes, isSigned] = accessOf(opcode);
    let bits = 0n;
    for (let index = bytes - 1; index >= 0; index--) {
      bits = (bits << 8n) | BigInt(this.#memory.view.getUint8(offset + index));
    }
    return this.#value(isSigned ? this.#wrap(BigInt.asIntN(bytes * 8, bits)) : bits);
  }

  #write(opcode: number, offset: number, bits: bigint): void {
    for (let index = 0; index < accessOf(opcode)[0]; index++) {
      this.#memory.view.setUint8(offset + index, Number((bits >> BigInt(index * 8)) & 0xffn));
    }
  }
}
