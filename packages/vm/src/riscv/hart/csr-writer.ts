import { STATE, TLB } from "../../memory/layout.ts";
import { SYSTEM } from "./port.ts";
import type { CounterOffset, Counters } from "./counters.ts";
import type { CsrDescription, CsrEffect } from "./csr-table.ts";
import type { CsrReader } from "./csr-reader.ts";
import type { HartState } from "./hart-state.ts";
import type { InterruptUnit } from "./interrupts.ts";
import type { LookasideBuffers } from "./lookaside-buffers.ts";
import type { PhysicalProtection } from "./physical-protection.ts";
import { INTERRUPT, STATUS, TIMER_ENABLE_HIGH } from "./privilege.ts";

/** What a write reaches besides the register. */
export type CsrWriterOptions = {
  readonly state: HartState;
  readonly reader: CsrReader;
  readonly interrupts: InterruptUnit;
  readonly protection: PhysicalProtection;
  readonly buffers: LookasideBuffers;
  readonly counters: Counters;
  /** mstatus changed: mode and STATE.floatEnabled follow it. */
  readonly onStatus: () => void;
  /** The mapping of all addresses changed; that of those which are not in each address space. */
  readonly onMapping: () => void;
  readonly onSpace: () => void;
};

const TIMER_BIT = 1 << INTERRUPT.supervisorTimer;
/** What mstatus.MPP cannot hold: there is no privilege 2. */
const NO_PRIVILEGE = 2 << 11;

/**
 * Writes control and status registers. Every write is "these bits, to these values", so that setting and clearing read nothing that
 * wires hold (mip.SEIP, Privileged Architecture 1.12, section 3.1.9).
 */
export class CsrWriter {
  readonly #parts: CsrWriterOptions;
  readonly #state: HartState;
  #valueLow = 0;
  #valueHigh = 0;
  #maskLow = 0;
  #maskHigh = 0;

  constructor(parts: CsrWriterOptions) {
    this.#parts = parts;
    this.#state = parts.state;
  }

  /**
   * Writes STATE.value to a register, or sets or clears its bits.
   * @param operation `SYSTEM.csrWrite`, `csrWriteOnly`, `csrSet` or `csrClear`
   * @returns true where the write can have an effect on what code does next
   */
  write(register: CsrDescription, operation: number): boolean {
    const low = this.#state.int(STATE.value);
    const high = this.#state.highInt(STATE.value);
    const isWhole = operation === SYSTEM.csrWrite || operation === SYSTEM.csrWriteOnly;
    this.#maskLow = register.mask[0] & (isWhole ? -1 : low);
    this.#maskHigh = register.mask[1] & (isWhole ? -1 : high);
    this.#valueLow = isWhole ? low : this.#fill(operation);
    this.#valueHigh = isWhole ? high : this.#fill(operation);
    if (register.effect !== undefined) this.#effects[register.effect](register);
    else if (register.source.type === "field") this.#writeField(register.source.offset);
    return register.effect !== undefined;
  }

  #fill(operation: number): number {
    return operation === SYSTEM.csrSet ? -1 : 0;
  }

  readonly #effects: Readonly<Record<CsrEffect, (register: CsrDescription) => void>> = {
    status: () => this.#writeStatus(),
    interrupts: (register) => this.#writeInterruptEnables(register),
    "software-interrupts": (register) => this.#writePending(register),
    vector: (register) => this.#writeVector(register),
    translation: () => this.#writeTranslation(),
    timer: (register) => this.#writeTimer(register),
    fflags: () => this.#writeFloat("fflags"),
    frm: () => this.#writeFloat("frm"),
    fcsr: () => this.#writeFloat("fcsr"),
    inhibit: () => this.#parts.counters.inhibit(this.#low(this.#state.int(STATE.mcountinhibit))),
    cycle: (register) => this.#writeCounter(register, STATE.cycleOffset),
    instret: (register) => this.#writeCounter(register, STATE.instretOffset),
    "pmp-config": (register) => this.#writeProtection(register, "pmp-config"),
    "pmp-address": (register) => this.#writeProtection(register, "pmp-address"),
  };

  /** The lower half that comes of an old one. */
  #low(old: number): number {
    return (old & ~this.#maskLow) | (this.#valueLow & this.#maskLow);
  }

  #high(old: number): number {
    return (old & ~this.#maskHigh) | (this.#valueHigh & this.#maskHigh);
  }

  #writeField(offset: number): void {
    this.#state.set(offset, this.#low(this.#state.int(offset)), this.#high(this.#state.highInt(offset)));
  }

  #writeStatus(): void {
    const before = this.#state.int(STATE.mstatus);
    const written = this.#low(before);
    const isPrivilege = (written & STATUS.mpp) !== NO_PRIVILEGE;
    const after = isPrivilege ? written : (written & ~STATUS.mpp) | (before & STATUS.mpp);
    this.#state.setInt(STATE.mstatus, after);
    if (((before ^ after) & STATUS.mxr) !== 0) this.#parts.buffers.flushKind(TLB.read);
    this.#parts.onStatus();
  }

  /** mie, and sie within what is delegated; mideleg. */
  #writeInterruptEnables({ source }: CsrDescription): void {
    if (source.type === "field") return this.#writeField(source.offset);
    this.#maskLow &= this.#state.int(STATE.mideleg);
    this.#writeField(STATE.mie);
  }

  /** mip, and sip within what is delegated. The timer's bit is the timer's while there is one. */
  #writePending({ name }: CsrDescription): void {
    if (name === "sip") this.#maskLow &= this.#state.int(STATE.mideleg);
    if (this.#state.high(STATE.menvcfg) >= TIMER_ENABLE_HIGH) this.#maskLow &= ~TIMER_BIT;
    this.#writeField(STATE.mip);
  }

  /** Modes other than direct and vectored are reserved: such a write changes nothing. */
  #writeVector({ source }: CsrDescription): void {
    if (source.type === "field" && (this.#low(this.#state.int(source.offset)) & 2) === 0)
      this.#writeField(source.offset);
  }

  /** A mode that isn't there makes the whole write have no effect (section 4.1.11). */
  #writeTranslation(): void {
    const low = this.#low(this.#state.int(STATE.satp));
    const high = this.#high(this.#state.highInt(STATE.satp));
    const mode = high >>> 28;
    if (mode !== 0 && mode !== 8 && mode !== 9) return;
    if (low === this.#state.int(STATE.satp) && high === this.#state.highInt(STATE.satp)) return;
    const isSpace = mode !== 0 && mode === this.#state.high(STATE.satp) >>> 28;
    this.#state.set(STATE.satp, low, high);
    if (isSpace) this.#parts.onSpace();
    else this.#parts.onMapping();
  }

  #writeTimer({ source }: CsrDescription): void {
    if (source.type === "field") this.#writeField(source.offset);
    if (this.#state.high(STATE.menvcfg) >= TIMER_ENABLE_HIGH) this.#parts.interrupts.forgetSoftwareTimer();
    this.#parts.interrupts.updateTimer();
  }

  #writeFloat(which: "fflags" | "frm" | "fcsr"): void {
    const state = this.#state;
    if (which === "fcsr") {
      const written = this.#low((state.int(STATE.floatRounding) << 5) | state.int(STATE.floatFlags));
      state.setInt(STATE.floatFlags, written & 31);
      state.setInt(STATE.floatRounding, written >>> 5);
    } else {
      const offset = which === "frm" ? STATE.floatRounding : STATE.floatFlags;
      state.setInt(offset, this.#low(state.int(offset)));
    }
    state.setInt(STATE.mstatus, state.int(STATE.mstatus) | STATUS.fs);
    this.#parts.onStatus();
  }

  #writeCounter(register: CsrDescription, offset: CounterOffset): void {
    const { reader, counters } = this.#parts;
    reader.read(register);
    counters.write(offset, this.#low(reader.low), this.#high(reader.high));
  }

  #writeProtection({ number, source }: CsrDescription, effect: "pmp-config" | "pmp-address"): void {
    if (source.type !== "field") return;
    const low = this.#low(this.#state.int(source.offset));
    const high = this.#high(this.#state.highInt(source.offset));
    if (effect === "pmp-config") this.#parts.protection.writeConfigs((number & 3) * 4, low, high);
    else this.#parts.protection.writeAddress(number & 15, low, high);
    this.#parts.buffers.flushAll();
    this.#parts.onMapping();
  }
}
