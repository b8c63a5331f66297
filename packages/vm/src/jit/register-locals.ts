import { registerOffset } from "../memory/layout.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import type { FunctionWriter } from "../wasm/function-writer.ts";
import { including, intersection, NO_REGISTERS, type RegisterSet, registersOf, without } from "./registers.ts";

/** The guest's registers in locals of a unit, and which of them memory does not have yet. */
export class RegisterLocals {
  readonly #writer: FunctionWriter;
  readonly #locals: Map<number, number> = new Map();
  /** Registers that memory does not have yet, at the place that is being written. */
  dirty: RegisterSet = NO_REGISTERS;

  constructor(writer: FunctionWriter) {
    this.#writer = writer;
  }

  /** Pushes a register. */
  push(register: number): void {
    this.#writer.get(this.#local(register));
  }

  /** Pops a register's new value. */
  pop(register: number): void {
    this.#writer.set(this.#local(register));
    this.dirty = including(this.dirty, register);
  }

  /** Loads registers from memory. */
  load(registers: RegisterSet = NO_REGISTERS): void {
    for (const register of registersOf(registers)) {
      this.#writer.i32(0);
      this.#writer.memory(OP.i64Load, registerOffset(register));
      this.#writer.set(this.#local(register));
    }
  }

  /** Writes some registers to memory, on a way of their own: on others they stay dirty. */
  writeBack(registers: RegisterSet): void {
    for (const register of registersOf(registers)) {
      this.#writer.i32(0);
      this.push(register);
      this.#writer.memory(OP.i64Store, registerOffset(register));
    }
  }

  /** Writes to memory what it does not have, but for some registers that stay dirty. */
  flush(kept: RegisterSet = NO_REGISTERS): void {
    this.writeBack(without(this.dirty, kept));
    this.dirty = intersection(this.dirty, kept);
  }

  /** Writes a way of its own: after it, what is dirty is as before. */
  aside(write: () => void): void {
    const { dirty } = this;
    write();
    this.dirty = dirty;
  }

  #local(register: number): number {
    const known = this.#locals.get(register);
    if (known !== undefined) return known;
    const local = this.#writer.local(TYPE.i64);
    this.#locals.set(register, local);
    return local;
  }
}
