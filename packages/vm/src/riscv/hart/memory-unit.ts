import { BOUNCE_OFFSET, STATE, TLB } from "../../memory/layout.ts";
import type { SystemBus } from "../../bus/system-bus.ts";
import type { AccessSize } from "../../bus/port.ts";
import { toAddress, toHost, type AddressSpace } from "./address-space.ts";
import type { HartState } from "./hart-state.ts";
import { ACCESS, CAUSE, FAULT } from "./privilege.ts";
import type { TrapUnit } from "./trap.ts";

/** What loads and stores work with. */
export type MemoryUnitOptions = {
  readonly state: HartState;
  readonly space: AddressSpace;
  readonly traps: TrapUnit;
  readonly bus: Pick<SystemBus, "read" | "write">;
};

/** What doesn't fit a look-aside buffer: misses, devices, misaligned accesses. */
export class MemoryUnit {
  readonly #state: HartState;
  readonly #space: AddressSpace;
  readonly #traps: TrapUnit;
  readonly #bus: Pick<SystemBus, "read" | "write">;
  /** Physical pages of the access that crosses from one into another. */
  #first = 0;
  #second = 0;

  constructor({ state, space, traps, bus }: MemoryUnitOptions) {
    this.#state = state;
    this.#space = space;
    this.#traps = traps;
    this.#bus = bus;
  }

  /** @see HartHelpers.load */
  load(size: number): number {
    const low = this.#state.int(STATE.address);
    const high = this.#state.highInt(STATE.address);
    if (crossesPage(low, size)) return this.#loadAcross(low, high, size);
    const page = this.#space.locate(low, high, ACCESS.read, size);
    if (page < 0) return 0;
    if (!this.#space.isRam(page)) return this.#loadDevice(toAddress(page, low), size);
    const host = toHost(page, low);
    this.#space.enter(TLB.read, low, high, host);
    return host;
  }

  /** As `load`, aligned and from RAM alone: LR. */
  loadReserved(size: number): number {
    if (this.#isMisaligned(size, CAUSE.loadMisaligned)) return 0;
    return this.#aligned(ACCESS.read, size);
  }

  /** @see HartHelpers.atomic */
  atomic(size: number): number {
    if (this.#isMisaligned(size, CAUSE.storeMisaligned)) return 0;
    return this.#aligned(ACCESS.write, size);
  }

  /** @see HartHelpers.store */
  store(size: number): number {
    const low = this.#state.int(STATE.address);
    const high = this.#state.highInt(STATE.address);
    if (crossesPage(low, size)) return this.#storeAcross(low, high, size);
    const page = this.#space.locate(low, high, ACCESS.write, size);
    if (page < 0) return 0;
    if (!this.#space.isRam(page)) return this.#storeDevice(toAddress(page, low), size);
    const host = toHost(page, low);
    this.#space.prepareWrite(page);
    this.#space.enter(TLB.write, low, high, host);
    this.#copy(STATE.value, host, size);
    return 1;
  }

  #aligned(access: typeof ACCESS.read | typeof ACCESS.write, size: number): number {
    const low = this.#state.int(STATE.address);
    const high = this.#state.highInt(STATE.address);
    const page = this.#space.locate(low, high, access, size);
    if (page < 0) return 0;
    if (!this.#space.isRam(page)) return this.#refuse(access);
    const host = toHost(page, low);
    if (access === ACCESS.write) this.#space.prepareWrite(page);
    this.#space.enter(access === ACCESS.write ? TLB.write : TLB.read, low, high, host);
    return host;
  }

  #isMisaligned(size: number, cause: number): boolean {
    const low = this.#state.int(STATE.address);
    if ((low & (size - 1)) === 0) return false;
    this.#traps.exception(cause, low, this.#state.highInt(STATE.address));
    return true;
  }

  #loadDevice(address: number, size: number): number {
    if (!this.#bus.read(address, size as AccessSize | 8, this.#state.view, BOUNCE_OFFSET))
      return this.#refuse(ACCESS.read);
    return BOUNCE_OFFSET;
  }

  #storeDevice(address: number, size: number): number {
    if (!this.#bus.write(address, size as AccessSize | 8, this.#state.view, STATE.value))
      return this.#refuse(ACCESS.write);
    return 1;
  }

  /** Access fault at STATE.address. */
  #refuse(access: number): 0 {
    this.#space.raise(FAULT.access, access, this.#state.int(STATE.address), this.#state.highInt(STATE.address));
    return 0;
  }

  #loadAcross(low: number, high: number, size: number): number {
    const first = 4096 - (low & 4095);
    if (!this.#locateBoth(low, high, ACCESS.read, size)) return 0;
    this.#copy(toHost(this.#first, low), BOUNCE_OFFSET, first);
    this.#copy(toHost(this.#second, 0), BOUNCE_OFFSET + first, size - first);
    return BOUNCE_OFFSET;
  }

  #storeAcross(low: number, high: number, size: number): number {
    const first = 4096 - (low & 4095);
    if (!this.#locateBoth(low, high, ACCESS.write, size)) return 0;
    this.#space.prepareWrite(this.#first);
    this.#space.prepareWrite(this.#second);
    this.#copy(STATE.value, toHost(this.#first, low), first);
    this.#copy(STATE.value + first, toHost(this.#second, 0), size - first);
    return 1;
  }

  /** Both pages of an access, before anything is written. What faults in the second one is reported at its start. */
  #locateBoth(low: number, high: number, access: number, size: number): boolean {
    const first = 4096 - (low & 4095);
    const next = (low + first) | 0;
    const nextHigh = next === 0 ? (high + 1) | 0 : high;
    this.#first = this.#space.locate(low, high, access, first);
    if (this.#first < 0) return false;
    this.#second = this.#space.locate(next, nextHigh, access, size - first);
    if (this.#second < 0) return false;
    if (this.#space.isRam(this.#first) && this.#space.isRam(this.#second)) return true;
    this.#refuse(access);
    return false;
  }

  #copy(from: number, to: number, bytes: number): void {
    const { view } = this.#state;
    if (bytes === 8) {
      view.setInt32(to, view.getInt32(from, true), true);
      view.setInt32(to + 4, view.getInt32(from + 4, true), true);
    } else if (bytes === 4) view.setInt32(to, view.getInt32(from, true), true);
    else for (let at = 0; at < bytes; at++) view.setInt8(to + at, view.getInt8(from + at));
  }
}

function crossesPage(low: number, size: number): boolean {
  return (low & 4095) + size > 4096;
}
