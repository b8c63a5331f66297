import { VmError } from "../error.ts";
import type { DeviceState } from "./port.ts";

/**
 * Readers of a device's saved state. A snapshot is a file that anyone may have written: each value is checked for its type and range.
 * All throw VmError `snapshot_invalid`, which names the value.
 */

/** Reads a whole number. @param maximum inclusive */
export function readNumber(state: DeviceState, name: string, maximum: number = Number.MAX_SAFE_INTEGER): number {
  const value = state[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maximum) return value;
  throw unfit(name, `a whole number up to ${maximum}`);
}

/** Reads a finite number of any sign, whole or not: a difference of times. */
export function readDifference(state: DeviceState, name: string): number {
  const value = state[name];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unfit(name, "a finite number");
}

/** Reads true or false. */
export function readFlag(state: DeviceState, name: string): boolean {
  const value = state[name];
  if (typeof value === "boolean") return value;
  throw unfit(name, "true or false");
}

/** Reads bytes. @param length how many: exactly, or in a range (inclusive) */
export function readBytes(
  state: DeviceState,
  name: string,
  length: number | { readonly maximum: number },
): Uint8Array<ArrayBuffer> {
  const value = state[name];
  const fits = (bytes: Uint8Array): boolean =>
    typeof length === "number" ? bytes.length === length : bytes.length <= length.maximum;
  if (value instanceof Uint8Array && fits(value)) return new Uint8Array(value);
  throw unfit(name, typeof length === "number" ? `${length} bytes` : `at most ${length.maximum} bytes`);
}

/** Reads the state of a part. */
export function readNested(state: DeviceState, name: string): DeviceState {
  const value = Object.hasOwn(state, name) ? state[name] : undefined;
  if (typeof value === "object" && !(value instanceof Uint8Array) && !isList(value)) return value;
  throw unfit(name, "the state of a part");
}

function isList(value: DeviceState | readonly DeviceState[]): value is readonly DeviceState[] {
  return Array.isArray(value);
}

function unfit(name: string, expected: string): VmError {
  return new VmError("snapshot_invalid", `the saved state's "${name}" is not ${expected}: take a new snapshot`);
}
