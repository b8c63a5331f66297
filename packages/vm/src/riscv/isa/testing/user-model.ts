import { floatOperation } from "../../../float/operation.ts";
import { DirectBuilder } from "../../../ir/testing/direct-builder.ts";
import { registerOffset, STATE } from "../../../memory/layout.ts";
import { SYSTEM } from "../../hart/port.ts";
import { createDecodedInstruction, createDecoder } from "../decode.ts";
import { INSTRUCTIONS } from "../instructions.ts";

const RAM_OFFSET = 0x4000;
const WRITE = 64;
const EXIT = 93;

/** A user's view of a Linux process of one thread, by the reference model: floating-point CSRs, `write` and `exit`, no more. */
class UserModel {
  readonly #view: DataView<ArrayBuffer>;
  readonly #base: number;
  readonly #output: Uint8Array[] = [];
  #exited = false;

  constructor(program: Uint8Array, base: number, ramBytes: number) {
    this.#base = base;
    const memory = new Uint8Array(RAM_OFFSET + ramBytes);
    memory.set(program, RAM_OFFSET);
    this.#view = new DataView(memory.buffer);
    this.#view.setInt32(STATE.floatEnabled, 1, true);
  }

  /** Runs to its end. @throws where that does not come within so many instructions */
  run(limit: number): Uint8Array {
    const view = this.#view;
    const memory = { view, ramOffset: RAM_OFFSET, ramBytes: view.byteLength - RAM_OFFSET, ramBase: BigInt(this.#base) };
    const builder = new DirectBuilder(memory, {
      system: (operation, argument) => this.#system(operation, argument),
      float: (operation) => floatOperation(view, operation),
    });
    const decode = createDecoder();
    const decoded = createDecodedInstruction();
    let pc = BigInt(this.#base);
    for (let count = 0; !this.#exited; count++) {
      if (count === limit) throw new Error(`No end within ${limit} instructions: at ${pc.toString(16)}.`);
      decode(view.getInt32(RAM_OFFSET + Number(pc) - this.#base, true), decoded);
      const instruction = INSTRUCTIONS[decoded.instruction];
      if (instruction === undefined) throw new Error(`No instruction at ${pc.toString(16)}.`);
      ({ pc } = builder.run(pc, decoded, instruction.semantics));
    }
    return Buffer.concat(this.#output);
  }

  #system(operation: number, argument: number): number {
    if (operation === SYSTEM.fenceI) return 1;
    if (operation === SYSTEM.ecall) return this.#call();
    if (operation > SYSTEM.csrWriteOnly)
      throw new Error(`System operation ${operation} at ${this.#view.getBigUint64(STATE.pc, true)}.`);
    const operand = Number(this.#view.getBigUint64(STATE.value, true) & 0xffn);
    const csr = argument & 0xfff;
    const old = this.#readFloatCsr(csr);
    this.#view.setBigUint64(STATE.value, BigInt(old), true);
    if (operation === SYSTEM.csrSet) this.#writeFloatCsr(csr, old | operand);
    else if (operation === SYSTEM.csrClear) this.#writeFloatCsr(csr, old & ~operand);
    else if (operation !== SYSTEM.csrRead) this.#writeFloatCsr(csr, operand);
    return 1;
  }

  /** fflags, frm and fcsr are 1, 2 and 3: bit 0 says that the flags are in it, bit 1 that the mode is. */
  #readFloatCsr(csr: number): number {
    const flags = this.#view.getUint32(STATE.floatFlags, true);
    const rounding = this.#view.getUint32(STATE.floatRounding, true);
    return [0, flags, rounding, flags | (rounding << 5)][csr] ?? 0;
  }

  #writeFloatCsr(csr: number, value: number): void {
    if ((csr & 1) !== 0) this.#view.setUint32(STATE.floatFlags, value & 0x1f, true);
    if ((csr & 2) !== 0) this.#view.setUint32(STATE.floatRounding, (csr === 2 ? value : value >> 5) & 7, true);
    const [flags, rounding] = [STATE.floatFlags, STATE.floatRounding].map((at) => this.#view.getUint32(at, true));
    this.#view.setUint32(STATE.floatFast, rounding === 0 ? (flags ?? 0) & 1 : 0, true);
  }

  #register(register: number): number {
    return Number(this.#view.getBigUint64(registerOffset(register), true));
  }

  #call(): number {
    const [address, length, number] = [this.#register(11), this.#register(12), this.#register(17)];
    if (number === EXIT) this.#exited = true;
    else if (number === WRITE) {
      const start = RAM_OFFSET + address - this.#base;
      this.#output.push(new Uint8Array(this.#view.buffer.slice(start, start + length)));
      this.#view.setBigUint64(registerOffset(10), BigInt(length), true);
    } else throw new Error(`System call ${number}.`);
    return 1;
  }
}

/** Runs a flat program of a user by the reference model. @returns what it wrote */
export function runModel(program: Uint8Array, base: number): Uint8Array {
  return new UserModel(program, base, 1 << 25).run(5_000_000);
}
