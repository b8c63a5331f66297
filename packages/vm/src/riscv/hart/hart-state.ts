import { registerOffset, STATE } from "../../memory/layout.ts";

/** The hart's state in the engine's memory, as pairs of 32-bit halves: a BigInt would cost an allocation. */
export class HartState {
  readonly view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.view = new DataView(memory.buffer);
  }

  /** Lower half, unsigned. @param offset of STATE */
  low(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** Upper half, unsigned. */
  high(offset: number): number {
    return this.view.getUint32(offset + 4, true);
  }

  /** An i32 field, or the lower half, signed. */
  int(offset: number): number {
    return this.view.getInt32(offset, true);
  }

  /** Upper half, signed. */
  highInt(offset: number): number {
    return this.view.getInt32(offset + 4, true);
  }

  setInt(offset: number, value: number): void {
    this.view.setInt32(offset, value, true);
  }

  set(offset: number, low: number, high: number): void {
    this.view.setInt32(offset, low, true);
    this.view.setInt32(offset + 4, high, true);
  }

  copy(from: number, to: number): void {
    this.set(to, this.int(from), this.highInt(from));
  }

  /** Writes an integer register; x0 stays 0. */
  setRegister(register: number, low: number, high: number): void {
    if (register !== 0) this.set(registerOffset(register), low, high);
  }

  /** STATE.pc += `bytes`. */
  advance(bytes: number): void {
    const low = this.low(STATE.pc) + bytes;
    this.set(STATE.pc, low, this.high(STATE.pc) + (low > 0xffff_ffff ? 1 : 0));
  }

  /** Makes the running unit leave at its next check. What was retired in this slice so far stays as it is. */
  endSlice(): void {
    const left = this.int(STATE.budget);
    if (left < 0) return;
    this.setInt(STATE.slice, this.int(STATE.slice) - left - 1);
    this.setInt(STATE.budget, -1);
  }
}
