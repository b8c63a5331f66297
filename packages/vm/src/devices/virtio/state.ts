/** What a snapshot holds of a device, read with distrust. */

import type { DeviceState } from "../../bus/port.ts";
import { VmError } from "../../error.ts";

function invalid(name: string, expected: string): VmError {
  return new VmError(
    "snapshot_invalid",
    `The snapshot's device state has no ${expected} named "${name}". Take the snapshot anew.`,
  );
}

/** An unsigned integer below a bound. @throws VmError `snapshot_invalid` */
export function stateNumber(state: DeviceState, name: string, end = 0x1_0000_0000): number {
  const value = state[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < end) return value;
  throw invalid(name, `integer below ${end}`);
}

/** Yes or no. @throws VmError `snapshot_invalid` */
export function stateBoolean(state: DeviceState, name: string): boolean {
  const value = state[name];
  if (typeof value === "boolean") return value;
  throw invalid(name, "boolean");
}

/** Bytes, as a copy. @param length exactly so many, where given. @throws VmError `snapshot_invalid` */
export function stateBytes(state: DeviceState, name: string, length?: number): Uint8Array {
  const value = state[name];
  if (value instanceof Uint8Array && (length === undefined || value.length === length)) return value.slice();
  throw invalid(name, length === undefined ? "bytes" : `${length} bytes`);
}

/** States within. @throws VmError `snapshot_invalid` */
export function stateList(state: DeviceState, name: string, length?: number): readonly DeviceState[] {
  const value = state[name];
  if (Array.isArray(value) && (length === undefined || value.length === length)) return value as readonly DeviceState[];
  throw invalid(name, length === undefined ? "list" : `list of ${length}`);
}

/** A state within. @throws VmError `snapshot_invalid` */
export function stateOf(state: DeviceState, name: string): DeviceState {
  const value = state[name];
  if (typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array)) return value as DeviceState;
  throw invalid(name, "state");
}
