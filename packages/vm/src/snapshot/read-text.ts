import type { DeviceState } from "../bus/port.ts";
import { invalidSnapshot } from "./format.ts";

/** Reads a text of a state. @throws VmError `snapshot_invalid` */
export function readText(state: DeviceState, name: string): string {
  const value = state[name];
  if (typeof value === "string") return value;
  throw invalidSnapshot(`has no text "${name}"`);
}
