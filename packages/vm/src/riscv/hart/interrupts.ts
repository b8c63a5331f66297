import type { Clock } from "../../bus/port.ts";
import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import { INTERRUPT, PRIVILEGE, STATUS, TIMER_ENABLE_HIGH } from "./privilege.ts";
import type { TrapUnit } from "./trap.ts";

/** Nanoseconds of a tick of mtime: 10 MHz, as QEMU's `virt` board has it. */
export const TICK_NS = 100;

const HALF = 0x1_0000_0000;
const SUPERVISOR_TIMER = 1 << INTERRUPT.supervisorTimer;

/** Which comes first where several are pending, within a privilege level (Privileged Architecture 1.12, section 3.1.9). */
const PRIORITY = [
  INTERRUPT.machineExternal,
  INTERRUPT.machineSoftware,
  INTERRUPT.machineTimer,
  INTERRUPT.supervisorExternal,
  INTERRUPT.supervisorSoftware,
  INTERRUPT.supervisorTimer,
] as const;

/** What interrupts work with. */
export type InterruptUnitOptions = { readonly state: HartState; readonly traps: TrapUnit; readonly clock: Clock };

/** Pending interrupts, and the supervisor's timer (Sstc). */
export class InterruptUnit {
  readonly #state: HartState;
  readonly #traps: TrapUnit;
  readonly #clock: Clock;
  #cancelTimer: (() => void) | undefined;

  constructor({ state, traps, clock }: InterruptUnitOptions) {
    this.#state = state;
    this.#traps = traps;
    this.#clock = clock;
  }

  /** mip as the hart sees it: what wires hold, and what software set. */
  pending(): number {
    return this.#state.int(STATE.mip) | this.#state.int(STATE.interruptLines);
  }

  /** Is there one that would end a WFI? Those that are enabled in mie, whatever the privilege. */
  isPending(): boolean {
    return (this.pending() & this.#state.int(STATE.mie)) !== 0;
  }

  /** Would one be taken before the next instruction? */
  isDeliverable(): boolean {
    return this.isPending() && (this.#deliverable(true) | this.#deliverable(false)) !== 0;
  }

  /** Takes the first one that may be taken. @returns false where there is none */
  take(): boolean {
    if (!this.isPending()) return false;
    const machine = this.#deliverable(false);
    const candidates = machine === 0 ? this.#deliverable(true) : machine;
    const first = PRIORITY.find((number) => ((candidates >>> number) & 1) !== 0);
    if (first === undefined) return false;
    this.#traps.interrupt(first, machine === 0);
    return true;
  }

  /**
   * Sets a wire. The supervisor's software interrupt has none: it is set and cleared as software would.
   * @param bit of mip
   */
  set(bit: number, high: boolean): void {
    const field = bit === INTERRUPT.supervisorSoftware ? STATE.mip : STATE.interruptLines;
    const lines = this.#state.int(field);
    this.#state.setInt(field, high ? lines | (1 << bit) : lines & ~(1 << bit));
    if (high && this.isDeliverable()) this.#state.endSlice();
  }

  /** mtime, in ticks. */
  ticks(): number {
    return Math.floor(this.#clock.now() / TICK_NS);
  }

  /** stimecmp, in ticks; Infinity where the supervisor has no timer. Rounded above 2^53, which is in 28 years. */
  nextTimer(): number {
    if (this.#state.high(STATE.menvcfg) < TIMER_ENABLE_HIGH) return Infinity;
    return this.#state.low(STATE.stimecmp) + this.#state.high(STATE.stimecmp) * HALF;
  }

  /** Compares the time, and asks to be called when it has come. To be called when stimecmp or menvcfg.STCE changed. */
  updateTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const next = this.nextTimer();
    const isDue = next <= this.ticks();
    this.set(INTERRUPT.supervisorTimer, isDue);
    if (!isDue && next < Number.MAX_SAFE_INTEGER / TICK_NS)
      this.#cancelTimer = this.#clock.schedule(next * TICK_NS, this.#timeHasCome);
  }

  /** Software's bit of the timer has no effect while the timer is on. */
  forgetSoftwareTimer(): void {
    this.#state.setInt(STATE.mip, this.#state.int(STATE.mip) & ~SUPERVISOR_TIMER);
  }

  readonly #timeHasCome = (): void => this.updateTimer();

  /** Section 3.1.6.1: those of a higher level are always enabled, those of a lower one never. */
  #deliverable(isSupervisor: boolean): number {
    const state = this.#state;
    const level = isSupervisor ? PRIVILEGE.supervisor : PRIVILEGE.machine;
    const privilege = state.int(STATE.privilege);
    const enable = isSupervisor ? STATUS.sie : STATUS.mie;
    if (privilege > level || (privilege === level && (state.int(STATE.mstatus) & enable) === 0)) return 0;
    const enabled = this.pending() & state.int(STATE.mie);
    return isSupervisor ? enabled & state.int(STATE.mideleg) : enabled & ~state.int(STATE.mideleg);
  }
}
