/**
 * The engine's intermediate representation, as those see it who describe an instruction set.
 *
 * An instruction's meaning is a function that calls the builder. The builder's pure operations are WebAssembly's own numeric
 * instructions (`OP`), typed i32, i64, f32 and f64: nothing has to be invented or learnt. What is not WebAssembly is the guest:
 * registers, its memory, its program counter, and the ways in which an instruction can end. The same description makes the
 * interpreter's handlers, in which operands are fields of a decoded record, and compiled code, in which they are constants.
 */
import type { Value } from "./block.ts";

/** Operands of one instruction. Registers are slots of the register file: integer 0 to 31, floating-point 32 to 63. */
export type Operands = {
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  readonly rs3: number;
};

/** Builds the IR of an instruction. */
export interface IrBuilder {
  /** An i64 from its halves. High is the sign of low where it is left out. */
  constant(low: number, high?: number): Value;
  constant32(value: number): Value;
  /** The instruction's immediate as i64, sign-extended from 32 bits. For shifts the amount, for CSR instructions see there. */
  immediate(): Value;
  /** The immediate as i32. */
  immediate32(): Value;
  /** Rounding mode of a floating-point instruction, 0 to 7, as i32. */
  rounding(): Value;
  /** Address of this instruction; of the next one. i64. */
  pc(): Value;
  nextPc(): Value;
  /** A register's i64. x0 is 0. */
  get(register: number): Value;
  /** Sets a register to an i64. Writes to x0 are dropped. */
  set(register: number, value: Value): void;
  /** A numeric instruction of WebAssembly: `op(OP.i64Add, a, b)`. Must not trap: guard divisors with `select`. */
  op(opcode: number, a: Value, b?: Value): Value;
  /** `condition` (i32) not 0 ? a : b; of one type. Both are computed. */
  select(condition: Value, a: Value, b: Value): Value;
  /** Reads guest memory. @param opcode one of the loads that give an i64 @param address i64 */
  load(opcode: number, address: Value): Value;
  /** Writes guest memory. @param opcode one of `OP.i64Store8` to `OP.i64Store` @param value i64 */
  store(opcode: number, address: Value, value: Value): void;
  /** Host address (i32) of `size` bytes of the guest's memory that may be read and written: for atomic operations. Aligned. */
  atomicAddress(address: Value, size: 4 | 8): Value;
  /** Host address (i32) of `size` bytes that may be read, for LR: aligned. */
  readAddress(address: Value, size: 4 | 8): Value;
  /** Loads and stores at host addresses that the two above gave, or at constant offsets of the hart's state. */
  hostLoad(opcode: number, address: Value): Value;
  hostStore(opcode: number, address: Value, value: Value): void;
  /** Field of the hart's state. @param offset one of STATE */
  state(opcode: number, offset: number): Value;
  setState(opcode: number, offset: number, value: Value): void;
  /** Stores happen only where `condition` (i32) is not 0. Inside: `hostStore` and `setState` only. */
  when(condition: Value, body: () => void): void;
  /**
   * An i64: `value` where `condition` (i32) is not 0, else what `otherwise` gives, which happens only then.
   * Inside: `setState`, `state`, `float`, and pure operations, whose values are not used outside.
   */
  choose(condition: Value, value: Value, otherwise: () => Value): Value;
  /** Calls `HartHelpers.system`; leaves the unit where it returns 0. @param argument i32 */
  system(operation: number, argument: Value): void;
  /** As `system`, and never goes on after it: ecall, mret, illegal. */
  systemEnd(operation: number, argument: Value): void;
  /** Calls `HartHelpers.float`; an illegal instruction where it returns 0. @param operation i32 */
  float(operation: Value): void;
  /** Floating point must be on; else an illegal instruction. First in each floating-point instruction. */
  requireFloat(): void;
  /** Ends: conditional branch by the immediate; falls through to the next instruction. */
  branch(condition: Value): void;
  /** Ends: jump by the immediate. `link`: register that takes the next instruction's address (0: none). */
  jump(link: number): void;
  /** Ends: jump to an address (i64; bit 0 is cleared by the caller). `link` as above; `base` is the register it came from. */
  jumpTo(target: Value, link: number, base: number): void;
}

/** What an instruction does. */
export type Semantics = (builder: IrBuilder, operands: Operands) => void;
