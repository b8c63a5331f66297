import { STATE } from "../../memory/layout.ts";
import type { HartState } from "./hart-state.ts";
import { TIMER_ENABLE_HIGH } from "./privilege.ts";

/**
 * All exceptions but the supervisor's own calls. A firmware keeps some of them only to hand them back (illegal instructions, access
 * faults), or to emulate what the hart does by itself (misaligned accesses).
 */
const DELEGATED_EXCEPTIONS = 0xb1ff;
const DELEGATED_INTERRUPTS = 0x222;
/** Cycles, time and retired instructions: user programs read the time by themselves. */
const USER_COUNTERS = 0x7;
/** Naturally aligned, may be read, written and executed. */
const ALL_MEMORY = 0x1f;

/** Leaves machine mode's registers as a firmware does when it starts the supervisor. */
export function prepareForSupervisor(state: HartState): void {
  state.set(STATE.medeleg, DELEGATED_EXCEPTIONS, 0);
  state.set(STATE.mideleg, DELEGATED_INTERRUPTS, 0);
  state.set(STATE.mcounteren, -1, 0);
  state.set(STATE.scounteren, USER_COUNTERS, 0);
  state.set(STATE.menvcfg, 0, TIMER_ENABLE_HIGH);
  // No timer until one is set.
  state.set(STATE.stimecmp, -1, -1);
  state.view.setUint8(STATE.pmpcfg, ALL_MEMORY);
  state.set(STATE.pmpaddr, -1, 0x3f_ffff);
}
