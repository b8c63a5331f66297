import type { Clock } from "../../../bus/port.ts";
import {
  DECODED,
  RAM_BASE,
  RAM_OFFSET,
  registerOffset,
  STATE,
  TLB,
  tlbOffset,
  type Mode,
} from "../../../memory/layout.ts";
import { createPhysicalMemory, type GuestMemory } from "../../../memory/physical-memory.ts";
import type { SbiServices } from "../../sbi/port.ts";
import { createHart, type Hart } from "../hart.ts";
import type { CodePages } from "../port.ts";
import { PRIVILEGE, type Privilege } from "../privilege.ts";

/** Bytes of the fixture's RAM. */
export const RAM_BYTES = 0x40_0000;

/** First address of the fixture's device: a window of 4096 bytes that counts reads and keeps the last write. */
export const DEVICE = 0x1000_0000;

/** A hart with all that it needs, and a look into it. 64-bit values are BigInts here. */
export type HartFixture = {
  readonly hart: Hart;
  readonly memory: WebAssembly.Memory;
  readonly view: DataView;
  readonly physical: GuestMemory;
  /** Pages that hold code, and how often the jump cache was emptied. */
  readonly code: CodePages & { readonly pages: Set<number>; forgotten: number };
  readonly device: { readonly reads: number[]; readonly writes: [address: number, size: number, value: bigint][] };
  readonly time: { readonly set: (nanoseconds: number) => void };
  readonly float: { result: number };
  readonly get: (offset: number) => bigint;
  readonly set: (offset: number, value: bigint) => void;
  readonly int: (offset: number) => number;
  readonly register: (index: number) => bigint;
  /** Physical memory, eight bytes. */
  readonly peek: (address: number) => bigint;
  readonly poke: (address: number, value: bigint) => void;
  /** Sets what a program would have had to set before. */
  readonly enter: (privilege: Privilege) => void;
  /** A CSR instruction that is not a trap has a result of 1, or leaves; `old` is what it read. */
  readonly csr: (
    operation: keyof typeof CSR_OPERATIONS,
    number: number,
    value?: bigint,
  ) => { readonly result: number; readonly old: bigint };
  readonly load: (address: bigint, size: number) => bigint | undefined;
  readonly store: (address: bigint, size: number, value: bigint) => boolean;
  readonly fetch: (address: bigint) => boolean;
  /** Does the look-aside buffer of the mode that runs know an aligned access? @returns host address */
  readonly lookup: (kind: number, address: bigint, size?: number) => number | undefined;
};

const CSR_OPERATIONS = { read: 0, write: 1, set: 2, clear: 3, writeOnly: 4 } as const;

/** Slices begin with this budget. */
export const BUDGET = 1000;

/** One memory for all: to reserve it takes longer than a test. */
const PAGES = (RAM_OFFSET + RAM_BYTES) / 0x1_0000;
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });

function clearMemory(): DataView {
  new Uint8Array(memory.buffer, 0, DECODED.offset).fill(0);
  new Uint8Array(memory.buffer, RAM_OFFSET).fill(0);
  return new DataView(memory.buffer);
}

/** Makes a hart in machine mode at the beginning of RAM, where PMP lets the lower modes do everything. The one before is of no use then. */
export function createFixture(sbi?: SbiServices): HartFixture {
  const view = clearMemory();
  const code = createCodePages();
  const physical = createPhysicalMemory({ memory, sizeBytes: RAM_BYTES, onWrite: (page) => code.drop(page) });
  const { clock, time } = createManualClock();
  const { bus, device } = createDevice();
  const float = { result: 1 };
  const hart = createHart({ memory, physical, bus, code, clock, float: () => float.result, ...(sbi && { sbi }) });
  hart.reset({ pc: RAM_BASE, a0: 0, a1: 0, privilege: sbi ? PRIVILEGE.supervisor : PRIVILEGE.machine });
  const access = createAccess(hart, view);
  view.setInt32(STATE.slice, BUDGET, true);
  view.setInt32(STATE.budget, BUDGET, true);
  if (sbi === undefined) {
    access.csr("write", 0x3b0, (1n << 54n) - 1n);
    access.csr("write", 0x3a0, 0x1fn);
    view.setBigUint64(STATE.pc, BigInt(RAM_BASE), true);
  }
  return { hart, memory, view, physical, code, device, time, float, ...access };
}

type Accessors = Omit<HartFixture, "hart" | "memory" | "view" | "physical" | "code" | "device" | "time" | "float">;

function createAccess(hart: Hart, view: DataView): Accessors {
  const get = (offset: number): bigint => view.getBigUint64(offset, true);
  const set = (offset: number, value: bigint): void => view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  const host = (address: number): number => address - RAM_BASE + RAM_OFFSET;
  return {
    get,
    set,
    int: (offset) => view.getInt32(offset, true),
    register: (index) => get(registerOffset(index)),
    peek: (address) => get(host(address)),
    poke: (address, value) => set(host(address), value),
    enter(privilege) {
      view.setInt32(STATE.privilege, privilege, true);
      hart.recomputeMode();
    },
    csr(operation, number, value = 0n) {
      set(STATE.value, value);
      const result = hart.system(CSR_OPERATIONS[operation], number);
      return { result, old: get(STATE.value) };
    },
    load(address, size) {
      set(STATE.address, address);
      const found = hart.load(size);
      return found === 0 ? undefined : BigInt.asUintN(size * 8, get(found >>> 0));
    },
    store(address, size, value) {
      set(STATE.address, address);
      set(STATE.value, value);
      return hart.store(size) === 1;
    },
    fetch(address) {
      set(STATE.pc, address);
      return hart.fetch() === 1;
    },
    lookup(kind, address, size = 1) {
      const entry = tlbOffset(view.getInt32(STATE.mode, true) as Mode, kind) + Number((address >> 12n) & 1023n) * 16;
      if (get(entry) !== BigInt.asUintN(64, address & BigInt(-4096 | (size - 1)))) return undefined;
      const low = kind === TLB.fetch ? 0 : Number(BigInt.asIntN(32, address));
      return (low + view.getInt32(entry + 8, true)) >>> 0;
    },
  };
}

function createCodePages(): HartFixture["code"] {
  const pages = new Set<number>();
  return {
    pages,
    forgotten: 0,
    open(page) {
      pages.add(page);
      return page;
    },
    entered: () => undefined,
    has: (page) => pages.has(page),
    drop: (page) => void pages.delete(page),
    forgetJumps() {
      this.forgotten++;
    },
  };
}

function createManualClock(): { clock: Clock; time: HartFixture["time"] } {
  let now = 0;
  const waiting = new Set<{ at: number; callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    schedule(at, callback) {
      const entry = { at, callback };
      waiting.add(entry);
      return () => void waiting.delete(entry);
    },
  };
  const set = (nanoseconds: number): void => {
    now = nanoseconds;
    for (const entry of [...waiting].filter(({ at }) => at <= now)) {
      waiting.delete(entry);
      entry.callback();
    }
  };
  return { clock, time: { set } };
}

function createDevice(): { bus: Parameters<typeof createHart>[0]["bus"]; device: HartFixture["device"] } {
  const device: HartFixture["device"] = { reads: [], writes: [] };
  const isHere = (address: number, size: number): boolean =>
    address >= DEVICE && address < DEVICE + 4096 && address % size === 0;
  const bus: Parameters<typeof createHart>[0]["bus"] = {
    read(address, size, into, at) {
      if (!isHere(address, size)) return false;
      into.setBigUint64(at, BigInt(device.reads.push(address)), true);
      return true;
    },
    write(address, size, from, at) {
      if (!isHere(address, size)) return false;
      device.writes.push([address, size, BigInt.asUintN(size * 8, from.getBigUint64(at, true))]);
      return true;
    },
  };
  return { bus, device };
}
