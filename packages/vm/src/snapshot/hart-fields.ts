import { readBytes, readNested, readNumber } from "../bus/device-state.ts";
import type { DeviceState } from "../bus/port.ts";
import { RAM_BASE, RAM_OFFSET, registerOffset, STATE } from "../memory/layout.ts";
import { MISA } from "../riscv/hart/csr-table.ts";
import { PRIVILEGE, STATUS } from "../riscv/hart/privilege.ts";
import { invalidSnapshot } from "./format.ts";

/** Bytes of the registers that are saved: the sink's value is nobody's. */
const REGISTER_BYTES = 64 * 8;

/** Bytes that are saved of each field. 0: it is made from others, counts for statistics, or means nothing between two slices. */
const FIELD_BYTES: Readonly<Record<keyof typeof STATE, number>> = {
  pc: 8,
  budget: 0,
  mode: 0,
  generation: 0,
  address: 0,
  value: 0,
  value2: 0,
  value3: 0,
  leave: 0,
  // Saved as a guest's address, as the engine's own may be another then.
  reservation: 0,
  reservedValue: 8,
  floatFlags: 8,
  floatRounding: 8,
  floatFast: 0,
  floatEnabled: 0,
  privilege: 8,
  mstatus: 8,
  misa: 8,
  medeleg: 8,
  mideleg: 8,
  mie: 8,
  mip: 8,
  mtvec: 8,
  mscratch: 8,
  mepc: 8,
  mcause: 8,
  mtval: 8,
  mcounteren: 8,
  mcountinhibit: 8,
  menvcfg: 8,
  stvec: 8,
  sscratch: 8,
  sepc: 8,
  scause: 8,
  stval: 8,
  scounteren: 8,
  senvcfg: 8,
  satp: 8,
  stimecmp: 8,
  instret: 8,
  slice: 0,
  cycleOffset: 8,
  instretOffset: 8,
  tselect: 8,
  mhartid: 8,
  pmpcfg: 16,
  pmpaddr: 128,
  interruptLines: 8,
  interpreted: 0,
};

const SAVED_FIELDS: readonly (keyof typeof STATE)[] = (Object.keys(FIELD_BYTES) as (keyof typeof STATE)[]).filter(
  (name) => FIELD_BYTES[name] > 0,
);

/** Saves the state of the hart, which stands between two slices. */
export function saveHart({ buffer }: WebAssembly.Memory): DeviceState {
  const take = (offset: number, length: number): Uint8Array => new Uint8Array(buffer, offset, length).slice();
  const reservation = new DataView(buffer).getUint32(STATE.reservation, true);
  return {
    registers: take(registerOffset(0), REGISTER_BYTES),
    fields: Object.fromEntries(SAVED_FIELDS.map((name) => [name, take(STATE[name], FIELD_BYTES[name])])),
    reservation: reservation === 0 ? 0 : reservation - RAM_OFFSET + RAM_BASE,
  };
}

/** A hart's state that was found sound. */
export type HartFields = { readonly state: DeviceState; readonly reservation: number };

/**
 * Checks what the engine itself relies on; anything else may be as it likes: it is the guest's.
 * @param ramBytes of the machine
 * @throws VmError `snapshot_invalid` where it is no state that a hart of this engine can have
 */
export function checkHart(state: DeviceState, ramBytes: number): HartFields {
  readBytes(state, "registers", REGISTER_BYTES);
  const fields = readNested(state, "fields");
  const views = new Map(
    SAVED_FIELDS.map((name) => [name, new DataView(readBytes(fields, name, FIELD_BYTES[name]).buffer)]),
  );
  const low = (name: keyof typeof STATE): number => views.get(name)?.getUint32(0, true) ?? 0;
  const high = (name: keyof typeof STATE): number => views.get(name)?.getUint32(4, true) ?? 0;
  const privileges: readonly number[] = Object.values(PRIVILEGE);
  if (low("misa") !== MISA.low >>> 0 || high("misa") !== MISA.high >>> 0)
    throw invalidSnapshot("is of a hart with other extensions");
  const isSound =
    privileges.includes(low("privilege")) &&
    (low("mstatus") & STATUS.mpp) !== NO_PRIVILEGE &&
    TRANSLATION_MODES.includes(high("satp") >>> 28) &&
    low("floatRounding") < 8 &&
    low("floatFlags") < 32;
  if (!isSound) throw invalidSnapshot("has a state that no hart can have");
  const reservation = readNumber(state, "reservation");
  if (reservation !== 0 && !isWord(reservation - RAM_BASE, ramBytes))
    throw invalidSnapshot("has a reservation outside of memory");
  return { state, reservation };
}

/** What mstatus.MPP cannot hold. */
const NO_PRIVILEGE = 0x1000;

/** Bare, Sv39, Sv48. */
const TRANSLATION_MODES: readonly number[] = [0, 8, 9];

function isWord(offset: number, ramBytes: number): boolean {
  return offset >= 0 && offset < ramBytes && offset % 4 === 0;
}

/** Writes a state into memory. The hart has to be told: `stateRestored`. */
export function restoreHart({ buffer }: WebAssembly.Memory, { state, reservation }: HartFields): void {
  const put = (offset: number, bytes: Uint8Array): void => new Uint8Array(buffer, offset, bytes.length).set(bytes);
  put(registerOffset(0), readBytes(state, "registers", REGISTER_BYTES));
  const fields = readNested(state, "fields");
  for (const name of SAVED_FIELDS) put(STATE[name], readBytes(fields, name, FIELD_BYTES[name]));
  const host = reservation === 0 ? 0 : reservation - RAM_BASE + RAM_OFFSET;
  new DataView(buffer).setUint32(STATE.reservation, host, true);
}
