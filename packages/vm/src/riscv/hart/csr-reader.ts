import { STATE } from "../../memory/layout.ts";
import type { CounterOffset, Counters } from "./counters.ts";
import { CSR_TABLE, SUPERVISOR_STATUS, type CsrDerivation, type CsrDescription, type CsrGuard } from "./csr-table.ts";
import type { HartState } from "./hart-state.ts";
import type { InterruptUnit } from "./interrupts.ts";
import { PRIVILEGE, STATUS, STATUS_DIRTY_HIGH, TIMER_ENABLE_HIGH } from "./privilege.ts";

const HALF = 0x1_0000_0000;
/** Bits 10 and 11 of the number of a register that can't be written. */
const READ_ONLY = 3;
/** Number of the time's bit in mcounteren and scounteren. */
const TIME = 1;

/** What the values of registers come from. */
export type CsrReaderOptions = {
  readonly state: HartState;
  readonly interrupts: InterruptUnit;
  readonly counters: Counters;
};

/** Finds and reads control and status registers. */
export class CsrReader {
  /** What was read last: halves of the value, signed, as those are small integers. */
  low = 0;
  high = 0;
  readonly #state: HartState;
  readonly #interrupts: InterruptUnit;
  readonly #counters: Counters;
  readonly #registers: readonly (CsrDescription | undefined)[];

  constructor({ state, interrupts, counters }: CsrReaderOptions) {
    this.#state = state;
    this.#interrupts = interrupts;
    this.#counters = counters;
    const registers: (CsrDescription | undefined)[] = Array.from({ length: 4096 }, () => undefined);
    for (const description of CSR_TABLE) registers[description.number] = description;
    this.#registers = registers;
  }

  /** @returns the register, where there is one that may be accessed so now; otherwise the instruction is illegal */
  find(number: number, isWrite: boolean): CsrDescription | undefined {
    const register = this.#registers[number];
    if (register === undefined || this.#state.int(STATE.privilege) < ((number >>> 8) & 3)) return undefined;
    if (isWrite && number >>> 10 === READ_ONLY) return undefined;
    return register.guard === undefined || this.#isOpen(register.guard, number) ? register : undefined;
  }

  /** Reads a register into `low` and `high`. */
  read({ source }: CsrDescription): void {
    if (source.type === "field") this.#give(this.#state.int(source.offset), this.#state.highInt(source.offset));
    else if (source.type === "derived") this.#derivations[source.from]();
    else this.#give(0, 0);
  }

  #give(low: number, high: number): void {
    this.low = low | 0;
    this.high = high | 0;
  }

  readonly #derivations: Readonly<Record<CsrDerivation, () => void>> = {
    mstatus: () => this.#giveStatus(-1, this.#state.highInt(STATE.mstatus)),
    // Of the upper half, UXL.
    sstatus: () => this.#giveStatus(SUPERVISOR_STATUS, this.#state.highInt(STATE.mstatus) & 3),
    mip: () => this.#give(this.#interrupts.pending(), 0),
    sip: () => this.#give(this.#interrupts.pending() & this.#state.int(STATE.mideleg), 0),
    sie: () => this.#give(this.#state.int(STATE.mie) & this.#state.int(STATE.mideleg), 0),
    fflags: () => this.#give(this.#state.int(STATE.floatFlags), 0),
    frm: () => this.#give(this.#state.int(STATE.floatRounding), 0),
    fcsr: () => this.#give((this.#state.int(STATE.floatRounding) << 5) | this.#state.int(STATE.floatFlags), 0),
    cycle: () => this.#giveCounter(STATE.cycleOffset),
    instret: () => this.#giveCounter(STATE.instretOffset),
    time: () => this.#give(this.#interrupts.ticks(), Math.floor(this.#interrupts.ticks() / HALF)),
  };

  #giveCounter(offset: CounterOffset): void {
    this.#counters.read(offset);
    this.#give(this.#counters.low, this.#counters.high);
  }

  #giveStatus(mask: number, high: number): void {
    const status = this.#state.int(STATE.mstatus);
    const isDirty = (status & STATUS.fs) === STATUS.fs;
    this.#give(status & mask, isDirty ? high | STATUS_DIRTY_HIGH : high);
  }

  #isOpen(guard: CsrGuard, number: number): boolean {
    const status = this.#state.int(STATE.mstatus);
    if (guard === "float") return (status & STATUS.fs) !== 0;
    const privilege = this.#state.int(STATE.privilege);
    if (privilege === PRIVILEGE.machine) return true;
    if (guard === "translation") return (status & STATUS.tvm) === 0;
    if (guard === "counter") return this.#isCounterOpen(number & 31, privilege);
    return this.#isCounterOpen(TIME, privilege) && this.#state.high(STATE.menvcfg) >= TIMER_ENABLE_HIGH;
  }

  /** Sections 3.1.11 and 4.1.5: a bit for each counter lets the next lower privilege read it. */
  #isCounterOpen(counter: number, privilege: number): boolean {
    const enabled = this.#state.int(STATE.mcounteren);
    const open = privilege === PRIVILEGE.user ? enabled & this.#state.int(STATE.scounteren) : enabled;
    return ((open >>> counter) & 1) !== 0;
  }
}
