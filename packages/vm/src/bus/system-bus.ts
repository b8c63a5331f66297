import { VmError } from "../error.ts";
import { readNested } from "./device-state.ts";
import type { AccessSize, BusDevice, DeviceState } from "./port.ts";

/** Where a device answers on its bus. */
export type BusWindow = {
  readonly device: BusDevice;
  /** Physical address of its first register; a multiple of 8. */
  readonly base: number;
  /** Of the window; a multiple of 8. */
  readonly sizeBytes: number;
};

/**
 * The devices by physical address. Values travel in a view of the caller's (the hart's bounce buffer, its operand), so that eight
 * bytes need neither a BigInt nor an allocation.
 */
export interface SystemBus {
  readonly windows: readonly BusWindow[];
  /**
   * Reads registers.
   * @param size of the access, in bytes
   * @param into takes the value, little-endian, at the offset `at`
   * @returns false where no device answers all of it, or where it is misaligned: an access fault
   */
  read(address: number, size: AccessSize | 8, into: DataView, at: number): boolean;
  /**
   * Writes registers.
   * @param from holds the value, little-endian, at the offset `at`
   * @returns false as `read`
   */
  write(address: number, size: AccessSize | 8, from: DataView, at: number): boolean;
  /** Every device back to what it is at power-on. */
  reset(): void;
  /** Every device's state, by the device's name. */
  save(): DeviceState;
  /** @throws VmError `snapshot_invalid` where a device's state is missing or not its own */
  restore(state: DeviceState): void;
}

/**
 * Makes a bus.
 * @throws VmError `option_invalid` where two windows overlap, two devices share a name, or a window isn't made of 8-byte registers
 */
export function createSystemBus({ devices }: { devices: readonly BusWindow[] }): SystemBus {
  const windows = [...devices].sort((one, other) => one.base - other.base);
  checkWindows(windows);
  let last: BusWindow | undefined;
  const find = (address: number, size: number): BusWindow | undefined => {
    if (address % size !== 0) return undefined;
    if (last === undefined || !contains(last, address)) last = windows.find((window) => contains(window, address));
    return last;
  };
  return {
    windows,
    read(address, size, into, at) {
      const window = find(address, size);
      if (window === undefined) return false;
      const { device } = window;
      const offset = address - window.base;
      if (size === 1) into.setUint8(at, device.read(offset, 1));
      else if (size === 2) into.setUint16(at, device.read(offset, 2), true);
      else into.setUint32(at, device.read(offset, 4), true);
      if (size === 8) into.setUint32(at + 4, device.read(offset + 4, 4), true);
      return true;
    },
    write(address, size, from, at) {
      const window = find(address, size);
      if (window === undefined) return false;
      const { device } = window;
      const offset = address - window.base;
      if (size === 1) device.write(offset, 1, from.getUint8(at));
      else if (size === 2) device.write(offset, 2, from.getUint16(at, true));
      else device.write(offset, 4, from.getUint32(at, true));
      if (size === 8) device.write(offset + 4, 4, from.getUint32(at + 4, true));
      return true;
    },
    reset: () => windows.forEach(({ device }) => device.reset()),
    save: () => Object.fromEntries(windows.map(({ device }) => [device.name, device.save()])),
    restore: (state) => windows.forEach(({ device }) => device.restore(readNested(state, device.name))),
  };
}

function contains(window: BusWindow, address: number): boolean {
  return address >= window.base && address < window.base + window.sizeBytes;
}

function checkWindows(sorted: readonly BusWindow[]): void {
  const names = new Set<string>();
  let end = 0;
  for (const { device, base, sizeBytes } of sorted) {
    if (base % 8 !== 0 || sizeBytes % 8 !== 0 || sizeBytes <= 0)
      throw new VmError("option_invalid", `device ${device.name}: base and size of its window must be multiples of 8`);
    if (base < end)
      throw new VmError(
        "option_invalid",
        `device ${device.name}: its window at 0x${base.toString(16)} overlaps another`,
      );
    if (names.has(device.name)) throw new VmError("option_invalid", `two devices are named ${device.name}`);
    names.add(device.name);
    end = base + sizeBytes;
  }
}
