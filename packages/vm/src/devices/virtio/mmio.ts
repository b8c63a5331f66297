/** The modern (version 2) register transport (virtio 1.2, section 4.2): one device behind one window of 4096 bytes. */

import type { AccessSize, BusDevice, DeviceContext, DeviceState } from "../../bus/port.ts";
import type { VirtioDevice } from "./port.ts";
import type { QueueSetup, QueueSlot } from "./queue-slot.ts";
import { stateNumber, stateOf } from "./state.ts";
import { VirtioTransport } from "./transport.ts";

/** Offsets of the transport's registers (section 4.2.2), 32 bits each. */
export const MMIO = {
  magic: 0x000,
  version: 0x004,
  deviceId: 0x008,
  vendorId: 0x00c,
  deviceFeatures: 0x010,
  deviceFeaturesSelect: 0x014,
  driverFeatures: 0x020,
  driverFeaturesSelect: 0x024,
  queueSelect: 0x030,
  queueSizeMax: 0x034,
  queueSize: 0x038,
  queueReady: 0x044,
  queueNotify: 0x050,
  interruptStatus: 0x060,
  interruptAcknowledge: 0x064,
  status: 0x070,
  queueDescriptorsLow: 0x080,
  queueDescriptorsHigh: 0x084,
  queueAvailableLow: 0x090,
  queueAvailableHigh: 0x094,
  queueUsedLow: 0x0a0,
  queueUsedHigh: 0x0a4,
  sharedMemoryLengthLow: 0x0b0,
  sharedMemoryLengthHigh: 0x0b4,
  sharedMemoryBaseLow: 0x0b8,
  sharedMemoryBaseHigh: 0x0bc,
  configGeneration: 0x0fc,
  config: 0x100,
} as const;

/** What a slot says where there is no device (section 4.2.3.1.1). */
const NO_DEVICE = 0;

/** "virt", and this engine as a vendor: "CLST". */
const MAGIC = 0x7472_6976;
const VERSION = 2;
const VENDOR = 0x5453_4c43;

/** What a slot without a device tells; all else reads as 0. */
const EMPTY_REGISTERS: ReadonlyMap<number, number> = new Map([
  [MMIO.magic, MAGIC],
  [MMIO.version, VERSION],
  [MMIO.vendorId, VENDOR],
]);

/** Length and base of a region of shared memory that is not there (section 4.2.2). */
const NO_REGION = 0xffff_ffff;

const SETUP_FIELDS: ReadonlyMap<number, keyof QueueSetup> = new Map([
  [MMIO.queueSize, "size"],
  [MMIO.queueDescriptorsLow, "descriptorsLow"],
  [MMIO.queueDescriptorsHigh, "descriptorsHigh"],
  [MMIO.queueAvailableLow, "availableLow"],
  [MMIO.queueAvailableHigh, "availableHigh"],
  [MMIO.queueUsedLow, "usedLow"],
  [MMIO.queueUsedHigh, "usedHigh"],
]);

/** Which half of 64 feature bits a selector means. Others select nothing. */
const HALVES = ["low", "high"] as const;

/**
 * Puts a virtio device on the bus. For a hart in order; rings are split ones, with indirect descriptors and event indices.
 * @param context whose interrupt line is high while an interrupt waits to be acknowledged
 */
export function createVirtioMmio(context: DeviceContext, device: VirtioDevice): BusDevice {
  return new VirtioMmio(context, device);
}

/**
 * Makes a slot that nothing is plugged into: device 0, which drivers pass over in silence (section 4.2.2). It takes no write, and has
 * nothing to remember.
 */
export function createEmptySlot(name: string): BusDevice {
  return {
    name,
    read: (offset, size) => (size === 4 ? (EMPTY_REGISTERS.get(offset) ?? 0) : 0),
    write: () => undefined,
    reset: () => undefined,
    // What a snapshot's reader tells devices apart by.
    save: () => ({ transport: { deviceId: NO_DEVICE } }),
    restore: () => undefined,
  };
}

class VirtioMmio implements BusDevice {
  readonly name: string;
  readonly #device: VirtioDevice;
  readonly #transport: VirtioTransport;
  #deviceFeaturesSelect = 0;
  #driverFeaturesSelect = 0;
  #queueSelect = 0;
  readonly #readers: ReadonlyMap<number, () => number>;
  readonly #writers: ReadonlyMap<number, (value: number) => void>;

  constructor(context: DeviceContext, device: VirtioDevice) {
    this.name = context.name;
    this.#device = device;
    this.#transport = new VirtioTransport(context, device);
    this.#readers = this.#createReaders();
    this.#writers = this.#createWriters();
  }

  read(offset: number, size: AccessSize): number {
    if (offset >= MMIO.config) return this.#readConfig(offset - MMIO.config, size);
    const reader = size === 4 ? this.#readers.get(offset) : undefined;
    return reader === undefined ? 0 : reader() >>> 0;
  }

  write(offset: number, size: AccessSize, value: number): void {
    if (offset >= MMIO.config) return this.#writeConfig(offset - MMIO.config, size, value);
    if (size !== 4) return;
    const field = SETUP_FIELDS.get(offset);
    if (field === undefined) this.#writers.get(offset)?.(value);
    else this.#slot?.set(field, value);
  }

  reset(): void {
    this.#deviceFeaturesSelect = 0;
    this.#driverFeaturesSelect = 0;
    this.#queueSelect = 0;
    this.#transport.reset();
  }

  save(): DeviceState {
    return {
      deviceFeaturesSelect: this.#deviceFeaturesSelect,
      driverFeaturesSelect: this.#driverFeaturesSelect,
      queueSelect: this.#queueSelect,
      transport: this.#transport.save(),
    };
  }

  restore(state: DeviceState): void {
    this.#deviceFeaturesSelect = stateNumber(state, "deviceFeaturesSelect");
    this.#driverFeaturesSelect = stateNumber(state, "driverFeaturesSelect");
    this.#queueSelect = stateNumber(state, "queueSelect");
    this.#transport.restore(stateOf(state, "transport"));
  }

  get #slot(): QueueSlot | undefined {
    return this.#transport.slot(this.#queueSelect);
  }

  #createReaders(): ReadonlyMap<number, () => number> {
    const transport = this.#transport;
    return new Map([
      [MMIO.magic, () => MAGIC],
      [MMIO.version, () => VERSION],
      [MMIO.deviceId, () => this.#device.deviceId],
      [MMIO.vendorId, () => VENDOR],
      [MMIO.deviceFeatures, () => this.#offeredHalf()],
      [MMIO.queueSizeMax, () => this.#slot?.sizeMax ?? 0],
      [MMIO.queueReady, () => (this.#slot?.ready === true ? 1 : 0)],
      [MMIO.interruptStatus, () => transport.interrupts],
      [MMIO.status, () => transport.status],
      [MMIO.sharedMemoryLengthLow, () => NO_REGION],
      [MMIO.sharedMemoryLengthHigh, () => NO_REGION],
      [MMIO.sharedMemoryBaseLow, () => NO_REGION],
      [MMIO.sharedMemoryBaseHigh, () => NO_REGION],
      [MMIO.configGeneration, () => transport.generation],
    ]);
  }

  #createWriters(): ReadonlyMap<number, (value: number) => void> {
    const transport = this.#transport;
    return new Map([
      [MMIO.deviceFeaturesSelect, (value: number) => void (this.#deviceFeaturesSelect = value)],
      [MMIO.driverFeaturesSelect, (value: number) => void (this.#driverFeaturesSelect = value)],
      [MMIO.driverFeatures, (value: number) => this.#accept(value)],
      [MMIO.queueSelect, (value: number) => void (this.#queueSelect = value)],
      [MMIO.queueReady, (value: number) => transport.setQueueReady(this.#queueSelect, value === 1)],
      [MMIO.queueNotify, (value: number) => transport.notify(value)],
      [MMIO.interruptAcknowledge, (value: number) => transport.acknowledge(value)],
      [MMIO.status, (value: number) => (value === 0 ? this.reset() : transport.writeStatus(value))],
    ]);
  }

  #offeredHalf(): number {
    const half = HALVES[this.#deviceFeaturesSelect];
    return half === undefined ? 0 : this.#transport.offered[half];
  }

  #accept(bits: number): void {
    const half = HALVES[this.#driverFeaturesSelect];
    if (half !== undefined) this.#transport.accept(half, bits);
  }

  #readConfig(offset: number, size: AccessSize): number {
    const { config } = this.#device;
    let value = 0;
    for (let at = size - 1; at >= 0; at--) value = value * 256 + (config[offset + at] ?? 0);
    return value;
  }

  #writeConfig(offset: number, size: AccessSize, value: number): void {
    if (offset + size <= this.#device.config.length) this.#device.writeConfig?.(offset, size, value);
  }
}
