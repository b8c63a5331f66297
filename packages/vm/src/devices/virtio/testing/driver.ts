/** A guest's side of a virtio device, for tests: RAM, registers and rings, as a driver would use them. */

import type { BusDevice, DeviceContext, PhysicalMemory } from "../../../bus/port.ts";
import { createVirtioMmio, MMIO } from "../mmio.ts";
import type { VirtioDevice } from "../port.ts";
import { STATUS } from "../transport.ts";

/** Where the RAM of tests begins. */
export const TEST_RAM_BASE = 0x8000_0000;

/** RAM of a machine that is nothing but RAM. */
export function createTestMemory(sizeBytes: number): PhysicalMemory & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(sizeBytes);
  const view = (address: number, length: number): Uint8Array | undefined => {
    const offset = address - TEST_RAM_BASE;
    return offset >= 0 && length >= 0 && offset + length <= sizeBytes
      ? bytes.subarray(offset, offset + length)
      : undefined;
  };
  return { base: TEST_RAM_BASE, sizeBytes, bytes, readable: view, writable: view };
}

/** A descriptor as a test names it: bytes for the device to read, or a number of bytes for it to write. */
export type Buffer = Uint8Array | number;

/** What came back: the bytes that the device had room for, up to what it says it wrote. */
export type Completion = { readonly written: number; readonly bytes: Uint8Array };

const QUEUE_BYTES = 0x4000;
const DATA_OFFSET = 0x4_0000;

type DriverQueue = {
  readonly size: number;
  readonly base: number;
  available: number;
  seen: number;
  free: number[];
  readonly pending: Map<
    number,
    { readonly parts: readonly { address: number; length: number }[]; readonly slots: number[] }
  >;
};

/** A driver that sets a device up and exchanges buffers with it. RAM: queues of 16 KiB each, then data from 256 KiB on. */
export class TestDriver {
  readonly memory: PhysicalMemory & { readonly bytes: Uint8Array };
  readonly device: BusDevice;
  interruptHigh = false;
  interrupts = 0;
  readonly #queues = new Map<number, DriverQueue>();
  #data = TEST_RAM_BASE + DATA_OFFSET;

  constructor(device: VirtioDevice, sizeBytes: number = 16 * 1024 * 1024) {
    this.memory = createTestMemory(sizeBytes);
    const context: DeviceContext = {
      name: "virtio0",
      memory: this.memory,
      clock: { now: () => 0, schedule: () => () => undefined },
      interrupt: {
        set: (high) => {
          if (high && !this.interruptHigh) this.interrupts++;
          this.interruptHigh = high;
        },
      },
    };
    this.device = createVirtioMmio(context, device);
  }

  read(register: number): number {
    return this.device.read(register, 4);
  }

  write(register: number, value: number): void {
    this.device.write(register, 4, value >>> 0);
  }

  /** All features that the device offers. */
  offered(): { low: number; high: number } {
    this.write(MMIO.deviceFeaturesSelect, 0);
    const low = this.read(MMIO.deviceFeatures);
    this.write(MMIO.deviceFeaturesSelect, 1);
    return { low, high: this.read(MMIO.deviceFeatures) };
  }

  /** Resets, negotiates and sets all queues up (section 3.1.1). @param without features (bits of the lower half) that the driver does not take */
  start(without = 0): void {
    this.write(MMIO.status, 0);
    this.write(MMIO.status, STATUS.acknowledge | STATUS.driver);
    const { low, high } = this.offered();
    for (const [half, bits] of [low & ~without, high].entries()) {
      this.write(MMIO.driverFeaturesSelect, half);
      this.write(MMIO.driverFeatures, bits);
    }
    this.write(MMIO.status, STATUS.featuresOk);
    this.#queues.clear();
    for (let index = 0; this.setUpQueue(index); index++);
    this.write(MMIO.status, STATUS.driverOk);
  }

  /** Sets a queue up. @returns false where there is none of that number */
  setUpQueue(index: number): boolean {
    this.write(MMIO.queueSelect, index);
    const size = this.read(MMIO.queueSizeMax);
    if (size === 0) return false;
    const base = TEST_RAM_BASE + index * QUEUE_BYTES;
    this.memory.writable(base, QUEUE_BYTES)?.fill(0);
    this.write(MMIO.queueSize, size);
    this.write(MMIO.queueDescriptorsLow, base);
    this.write(MMIO.queueAvailableLow, base + 0x2000);
    this.write(MMIO.queueUsedLow, base + 0x3000);
    this.write(MMIO.queueReady, 1);
    const free = Array.from({ length: size }, (_slot, slot) => slot);
    this.#queues.set(index, { size, base, available: 0, seen: 0, free, pending: new Map() });
    return true;
  }

  /** Makes a chain available, with or without telling the device. @returns its head */
  offer(index: number, buffers: readonly Buffer[], tell = true): number {
    const queue = this.#queue(index);
    const slots = queue.free.splice(0, buffers.length);
    if (slots.length < buffers.length) throw new Error(`queue ${index} is full`);
    const parts = buffers.map((buffer, at) =>
      this.#describe(queue, buffer, { slot: slots[at] ?? 0, next: slots[at + 1] }),
    );
    const head = slots[0] ?? 0;
    queue.pending.set(head, { parts: parts.filter((part) => part.length > 0), slots });
    this.view(queue.base + 0x2004 + (queue.available % queue.size) * 2, 2).setUint16(0, head, true);
    queue.available = (queue.available + 1) & 0xffff;
    this.view(queue.base + 0x2002, 2).setUint16(0, queue.available, true);
    if (tell) this.write(MMIO.queueNotify, index);
    return head;
  }

  /** Takes the next used buffer. @param length bytes of its room to show; what the device says it wrote, where left out */
  take(index: number, length?: number): Completion | undefined {
    const queue = this.#queue(index);
    if (this.view(queue.base + 0x3002, 2).getUint16(0, true) === queue.seen) return undefined;
    const element = this.view(queue.base + 0x3004 + (queue.seen % queue.size) * 8, 8);
    queue.seen = (queue.seen + 1) & 0xffff;
    const pending = queue.pending.get(element.getUint32(0, true));
    if (pending === undefined) throw new Error("the device gave back what it was not given");
    queue.pending.delete(element.getUint32(0, true));
    queue.free.push(...pending.slots);
    const written = element.getUint32(4, true);
    const bytes = pending.parts.flatMap((part) => [...(this.memory.readable(part.address, part.length) ?? [])]);
    return { written, bytes: Uint8Array.from(bytes.slice(0, length ?? written)) };
  }

  /** Offers a chain, and takes what comes back. */
  exchange(index: number, buffers: readonly Buffer[]): Completion {
    this.offer(index, buffers);
    const completion = this.take(index);
    if (completion === undefined) throw new Error("the device gave nothing back");
    return completion;
  }

  view(address: number, length: number): DataView {
    const bytes = this.memory.writable(address, length);
    if (bytes === undefined) throw new RangeError("outside the test's RAM");
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The address of a queue's table of descriptors; available ring 0x2000, used ring 0x3000 behind it. */
  queueBase(index: number): number {
    return this.#queue(index).base;
  }

  /** Queues that are set up. */
  get queueCount(): number {
    return this.#queues.size;
  }

  /** Descriptors of a queue that no buffer is in. */
  freeDescriptors(index: number): number {
    return this.#queue(index).free.length;
  }

  /** True where the device wants a reset. */
  get broken(): boolean {
    return (this.read(MMIO.status) & STATUS.needsReset) !== 0;
  }

  #queue(index: number): DriverQueue {
    const queue = this.#queues.get(index);
    if (queue === undefined) throw new Error(`queue ${index} is not set up`);
    return queue;
  }

  /** Writes a descriptor. @returns the part that the device may write to; of no length where it only reads */
  #describe(
    queue: DriverQueue,
    buffer: Buffer,
    place: { slot: number; next: number | undefined },
  ): { address: number; length: number } {
    const length = typeof buffer === "number" ? buffer : buffer.length;
    const address = this.#allocate(length);
    const target = this.memory.writable(address, length);
    if (typeof buffer === "number") target?.fill(0);
    else target?.set(buffer);
    const descriptor = this.view(queue.base + place.slot * 16, 16);
    descriptor.setUint32(0, address, true);
    descriptor.setUint32(4, 0, true);
    descriptor.setUint32(8, length, true);
    descriptor.setUint16(12, (typeof buffer === "number" ? 2 : 0) | (place.next === undefined ? 0 : 1), true);
    descriptor.setUint16(14, place.next ?? 0, true);
    return typeof buffer === "number" ? { address, length } : { address, length: 0 };
  }

  /** Data goes round in RAM: a test has few buffers out at a time. */
  #allocate(length: number): number {
    if (this.#data + length > TEST_RAM_BASE + this.memory.sizeBytes) this.#data = TEST_RAM_BASE + DATA_OFFSET;
    const address = this.#data;
    this.#data += length;
    return address;
  }
}
