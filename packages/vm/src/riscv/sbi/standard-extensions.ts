import { LEAVE, STATE } from "../../memory/layout.ts";
import { INTERRUPT } from "../hart/privilege.ts";
import {
  argumentHigh,
  argumentLow,
  argumentNumber,
  SBI_ERROR,
  SBI_SUCCESS,
  selectsHart,
  type SbiContext,
  type SbiExtension,
  type SbiResult,
} from "./call.ts";
import type { SbiReset } from "./port.ts";

const PAGE_BYTES = 4096;
/** Larger ranges are fenced as a whole. */
const FENCED_PAGES = 64;
/** Of one call to the console. The guest calls again for the rest. */
const CONSOLE_BYTES = 0x1_0000;
/** HSM: the hart's state "started", and a suspension that keeps its registers. */
const HART_STARTED = 0;
const RETENTIVE_SUSPEND = 0;
const RESETS: readonly SbiReset[] = ["shutdown", "cold-reboot", "warm-reboot"];
/** Reason of a system reset: system failure; 0 is none. */
const SYSTEM_FAILURE = 1;

/** Chapter 6. The time that has come already raises the interrupt at once; one in the future takes it back. */
export const TIME: SbiExtension = { id: 0x54494d45, functions: [setTimer] };

/** Chapter 7. */
export const IPI: SbiExtension = {
  id: 0x735049,
  functions: [
    (context) =>
      forSelected(context, () => {
        context.interrupts.set(INTERRUPT.supervisorSoftware, true);
      }),
  ],
};

/** Chapter 8, without those for guests of the guest. Code is dropped as it is written to: a remote FENCE.I has nothing left to do. */
export const RFENCE: SbiExtension = {
  id: 0x52464e43,
  functions: [(context) => forSelected(context, () => undefined), fenceRange, fenceRange],
};

/** Chapter 9, for one hart, which always runs. */
export const HSM: SbiExtension = {
  id: 0x48534d,
  functions: [startHart, () => ({ error: SBI_ERROR.failed }), hartStatus, suspendHart],
};

/** Chapter 10. */
export const SRST: SbiExtension = { id: 0x53525354, functions: [resetSystem] };

/** Chapter 12. */
export const DBCN: SbiExtension = { id: 0x4442434e, functions: [writeConsole, readConsole, writeConsoleByte] };

/** `sbi_set_timer`: its argument is the time, in ticks. */
export function setTimer({ state, interrupts }: SbiContext): SbiResult {
  state.set(STATE.stimecmp, argumentLow(state, 0), argumentHigh(state, 0));
  interrupts.updateTimer();
  return SBI_SUCCESS;
}

/** Ends the machine's slice for good, and tells the machine. */
export function endMachine({ state, services }: SbiContext, kind: SbiReset, isFailure: boolean): SbiResult {
  state.setInt(STATE.leave, LEAVE.stop);
  state.endSlice();
  services.reset(kind, isFailure);
  return SBI_SUCCESS;
}

function forSelected({ state }: SbiContext, run: () => void): SbiResult {
  const selected = selectsHart(state, 0);
  if (selected === undefined) return { error: SBI_ERROR.invalidParameter };
  if (selected) run();
  return SBI_SUCCESS;
}

/** Arguments: mask, base, start, size; the address space is of no account. Start and size 0, or size −1, are everything. */
function fenceRange(context: SbiContext): SbiResult {
  const { state, fence } = context;
  return forSelected(context, () => {
    const size = argumentNumber(state, 3);
    const pages = Math.ceil(size / PAGE_BYTES) + 1;
    if (size === 0 || pages > FENCED_PAGES) return fence.all();
    let low = argumentLow(state, 2) & ~(PAGE_BYTES - 1);
    let high = argumentHigh(state, 2) | 0;
    for (let page = 0; page < pages; page++) {
      fence.page(low, high);
      low = (low + PAGE_BYTES) | 0;
      if (low === 0) high = (high + 1) | 0;
    }
  });
}

function startHart({ state }: SbiContext): SbiResult {
  return { error: argumentNumber(state, 0) === 0 ? SBI_ERROR.alreadyAvailable : SBI_ERROR.invalidParameter };
}

function hartStatus({ state }: SbiContext): SbiResult {
  return argumentNumber(state, 0) === 0 ? { value: HART_STARTED } : { error: SBI_ERROR.invalidParameter };
}

/** As WFI. */
function suspendHart({ state, interrupts }: SbiContext): SbiResult {
  if (argumentLow(state, 0) !== RETENTIVE_SUSPEND) return { error: SBI_ERROR.notSupported };
  if (interrupts.isPending()) return SBI_SUCCESS;
  state.setInt(STATE.leave, LEAVE.wait);
  state.endSlice();
  return SBI_SUCCESS;
}

function resetSystem(context: SbiContext): SbiResult {
  const kind = RESETS[argumentLow(context.state, 0)];
  const reason = argumentLow(context.state, 1);
  if (kind === undefined || reason > SYSTEM_FAILURE) return { error: SBI_ERROR.invalidParameter };
  return endMachine(context, kind, reason === SYSTEM_FAILURE);
}

function writeConsole({ state, physical, services }: SbiContext): SbiResult {
  const bytes = physical.readable(argumentNumber(state, 1), argumentNumber(state, 0));
  if (bytes === undefined || argumentNumber(state, 2) !== 0) return { error: SBI_ERROR.invalidParameter };
  const part = bytes.subarray(0, CONSOLE_BYTES);
  services.write(part);
  return { value: part.length };
}

function readConsole({ state, physical, services }: SbiContext): SbiResult {
  const length = argumentNumber(state, 0);
  const isThere = physical.readable(argumentNumber(state, 1), length) !== undefined && argumentNumber(state, 2) === 0;
  const into = isThere ? physical.writable(argumentNumber(state, 1), Math.min(length, CONSOLE_BYTES)) : undefined;
  return into === undefined ? { error: SBI_ERROR.invalidParameter } : { value: services.read(into) };
}

function writeConsoleByte({ state, services }: SbiContext): SbiResult {
  services.write(Uint8Array.of(argumentLow(state, 0) & 0xff));
  return SBI_SUCCESS;
}
