/** Runs `floatOperation` on raw operands. */
import { STATE } from "../../memory/layout.ts";
import { ROUNDING } from "../format.ts";
import { floatOperation } from "../operation.ts";
import { OPERATION } from "../operations.ts";
import type { RawOperands, RawResult } from "./reference.ts";

/** How an operation is run: its rounding mode in the instruction or in frm, and the flags that are set before. */
export type Circumstances = { readonly rounding: number; readonly dynamic: boolean; readonly flags: number };

const state = new DataView(new ArrayBuffer(0x2000));

/** The state that `run` works on. */
export function stateOfLastRun(): DataView {
  return state;
}

/** Runs one operation. @returns its result, and all of fflags */
export function run(operation: number, circumstances: Circumstances, operands: RawOperands): RawResult {
  const { rounding, dynamic, flags } = circumstances;
  state.setUint32(STATE.floatFlags, flags, true);
  state.setUint32(STATE.floatRounding, dynamic ? rounding : (rounding + 1) % 5, true);
  state.setBigUint64(STATE.value, operands[0], true);
  state.setBigUint64(STATE.value2, operands[1], true);
  state.setBigUint64(STATE.value3, operands[2], true);
  floatOperation(state, operation | ((dynamic ? ROUNDING.dynamic : rounding) << OPERATION.roundingShift));
  return { value: state.getBigUint64(STATE.value, true), flags: state.getUint32(STATE.floatFlags, true) };
}
