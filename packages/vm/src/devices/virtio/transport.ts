/**
 * What all transports of virtio have in common (virtio 1.2, sections 2 and 3): status, features, queues and interrupts of one device.
 * Registers are the business of the one who holds it (mmio.ts).
 */

import type { DeviceContext, DeviceState } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import {
  CHAIN_BYTES_MAX,
  hasFeature,
  RING_FEATURE,
  toFeatures,
  type Features,
  type Queue,
  type VirtioDevice,
  type VirtioHost,
} from "./port.ts";
import { QueueSlot } from "./queue-slot.ts";
import type { QueueOwner } from "./queue.ts";
import { stateList, stateNumber, stateOf } from "./state.ts";

/** Bits of the device's status (section 2.1). */
export const STATUS = { acknowledge: 1, driver: 2, driverOk: 4, featuresOk: 8, needsReset: 64, failed: 128 } as const;

/** Reasons of an interrupt (section 4.2.2, InterruptStatus). */
export const INTERRUPT = { usedBuffer: 1, configChange: 2 } as const;

/** What a driver may set of the status. */
const DRIVER_STATUS = STATUS.acknowledge | STATUS.driver | STATUS.driverOk | STATUS.featuresOk | STATUS.failed;

const NO_FEATURES: Features = { low: 0, high: 0 };

/** One device behind a transport. */
export class VirtioTransport implements VirtioHost, QueueOwner {
  readonly #context: DeviceContext;
  readonly #device: VirtioDevice;
  readonly #slots: readonly QueueSlot[];
  /** What the device offers, with the transport's own. */
  readonly offered: Features;
  #accepted: Features = NO_FEATURES;
  #status = 0;
  #interrupts = 0;
  #generation = 0;

  constructor(context: DeviceContext, device: VirtioDevice) {
    this.#context = context;
    this.#device = device;
    this.#slots = Array.from({ length: device.queueCount }, () => new QueueSlot(device.queueSize));
    const ring = toFeatures(Object.values(RING_FEATURE));
    this.offered = { low: (device.features.low | ring.low) >>> 0, high: (device.features.high | ring.high) >>> 0 };
    device.connect(this);
  }

  get memory(): DeviceContext["memory"] {
    return this.#context.memory;
  }

  get eventIndex(): boolean {
    return hasFeature(this.#accepted, RING_FEATURE.eventIndex);
  }

  get indirect(): boolean {
    return hasFeature(this.#accepted, RING_FEATURE.indirectDescriptors);
  }

  get chainBytesMax(): number {
    return this.#device.chainBytesMax ?? CHAIN_BYTES_MAX;
  }

  get features(): Features {
    return this.#has(STATUS.featuresOk) ? this.#accepted : NO_FEATURES;
  }

  get driverReady(): boolean {
    return this.#has(STATUS.driverOk) && !this.#has(STATUS.needsReset);
  }

  /** Bits of STATUS. */
  get status(): number {
    return this.#status;
  }

  /** Bits of INTERRUPT that wait to be acknowledged. */
  get interrupts(): number {
    return this.#interrupts;
  }

  /** Grows with each change of the configuration space. */
  get generation(): number {
    return this.#generation;
  }

  queue(index: number): Queue {
    const slot = this.#slots[index];
    if (slot === undefined) throw new RangeError(`${this.#context.name} has no queue ${index}`);
    return slot;
  }

  /** A queue's set-up. @returns undefined where there is no such queue */
  slot(index: number): QueueSlot | undefined {
    return this.#slots[index];
  }

  configChanged(): void {
    this.#generation = (this.#generation + 1) >>> 0;
    if (this.driverReady) this.#raise(INTERRUPT.configChange);
  }

  interrupt(): void {
    this.#raise(INTERRUPT.usedBuffer);
  }

  fail(): void {
    if (this.#has(STATUS.needsReset)) return;
    const wasReady = this.driverReady;
    this.#status |= STATUS.needsReset;
    for (const slot of this.#slots) slot.close();
    if (wasReady) this.#raise(INTERRUPT.configChange);
  }

  /** The driver accepts features. Too late after FEATURES_OK. */
  accept(half: keyof Features, bits: number): void {
    if (!this.#has(STATUS.featuresOk)) this.#accepted = { ...this.#accepted, [half]: bits };
  }

  /** The driver writes the status: 0 resets, anything else adds bits. */
  writeStatus(bits: number): void {
    if (bits === 0) return this.reset();
    const wasReady = this.driverReady;
    this.#status |= bits & DRIVER_STATUS;
    if (!this.#featuresSound()) this.#status &= ~STATUS.featuresOk;
    if (!this.#has(STATUS.featuresOk)) this.#status &= ~STATUS.driverOk;
    if (this.driverReady && !wasReady) this.#slots.forEach((_slot, index) => this.notify(index));
  }

  /** The driver says that a queue is set up, or takes it back. */
  setQueueReady(index: number, ready: boolean): void {
    const slot = this.#slots[index];
    if (slot === undefined) return;
    if (!ready) slot.close();
    else if (this.#has(STATUS.needsReset) || !slot.open(this)) this.fail();
  }

  /** The driver says that it made buffers available. */
  notify(index: number): void {
    const slot = this.#slots[index];
    if (slot === undefined || !this.driverReady) return;
    slot.refresh();
    if (slot.available > 0) this.#device.notify(index);
  }

  /** The driver has seen these interrupts. */
  acknowledge(bits: number): void {
    this.#setInterrupts(this.#interrupts & ~bits);
  }

  reset(): void {
    this.#status = 0;
    this.#accepted = NO_FEATURES;
    for (const slot of this.#slots) slot.reset();
    this.#device.reset();
    this.#setInterrupts(0);
  }

  save(): DeviceState {
    return {
      deviceId: this.#device.deviceId,
      acceptedLow: this.#accepted.low,
      acceptedHigh: this.#accepted.high,
      status: this.#status,
      interrupts: this.#interrupts,
      generation: this.#generation,
      queues: this.#slots.map((slot) => slot.save()),
      device: this.#device.save(),
    };
  }

  /** @throws VmError `snapshot_invalid` */
  restore(state: DeviceState): void {
    this.reset();
    if (stateNumber(state, "deviceId") !== this.#device.deviceId) throw this.#foreign();
    this.#accepted = { low: stateNumber(state, "acceptedLow"), high: stateNumber(state, "acceptedHigh") };
    this.#status = stateNumber(state, "status", 0x100);
    if (this.#has(STATUS.featuresOk) && !this.#featuresSound()) throw this.#foreign();
    this.#generation = stateNumber(state, "generation");
    const queues = stateList(state, "queues", this.#slots.length);
    for (const [index, slot] of this.#slots.entries()) slot.restore(queues[index] ?? {}, this);
    this.#device.restore(stateOf(state, "device"));
    this.#setInterrupts(stateNumber(state, "interrupts", 4));
  }

  #foreign(): VmError {
    const { name } = this.#context;
    return new VmError(
      "snapshot_invalid",
      `The snapshot's ${name} is another virtio device. Restore it to the machine it was taken of.`,
    );
  }

  /** The driver took nothing that was not offered, and is not a legacy one (section 3.1.1, step 5). */
  #featuresSound(): boolean {
    const { low, high } = this.#accepted;
    const foreign = (low & ~this.offered.low) | (high & ~this.offered.high);
    return foreign === 0 && hasFeature(this.#accepted, RING_FEATURE.version1);
  }

  #has(bit: number): boolean {
    return (this.#status & bit) !== 0;
  }

  #raise(bits: number): void {
    this.#setInterrupts(this.#interrupts | bits);
  }

  #setInterrupts(bits: number): void {
    this.#interrupts = bits;
    this.#context.interrupt.set(bits !== 0);
  }
}
