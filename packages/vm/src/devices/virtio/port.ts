/**
 * What a virtio device sees of its transport, and the transport of a device. Virtio 1.2 (OASIS, VIRTIO-v1.2-cs01), modern devices only.
 *
 * The life of a device: `connect` once; the driver negotiates features and sets queues up; `notify` whenever it made buffers available
 * (and once for each queue that has some when it becomes ready); `reset` takes everything back. A device may take and give back
 * buffers at any time by the host that it was connected to; while the driver is not ready, queues are simply empty.
 *
 * Invariants:
 * Q1. `Queue.pop` gives chains that are sound: bounded in length, every view within RAM, what is to be read before what is to be written.
 *     Where the guest's rings are not, the transport breaks the device (DEVICE_NEEDS_RESET) and every queue is empty until its reset.
 * Q2. Between two notifications a queue yields at most as many chains as the driver had made available at the former, even where the
 *     device's own writes change the rings: `while ((chain = queue.pop()) !== undefined)` ends.
 * Q3. A chain is good until control returns to the guest: a device pushes it before that. What it can't serve yet it leaves in the queue
 *     (`available`), so that no request is in flight when a snapshot is taken.
 */

import type { DeviceState } from "../../bus/port.ts";

/** Feature bits: 0 to 31 in `low`, 32 to 63 in `high`, both unsigned. */
export type Features = { readonly low: number; readonly high: number };

/** Numbers of the features that the transport itself offers with every device (section 6). */
export const RING_FEATURE = { indirectDescriptors: 28, eventIndex: 29, version1: 32 } as const;

/** Descriptors that one chain may have, indirect ones included. */
export const CHAIN_DESCRIPTORS_MAX = 1024;

/**
 * Bytes that one chain may describe, to read and to write together, where its device does not say: no request keeps the machine from going
 * on for long.
 */
export const CHAIN_BYTES_MAX: number = 4 * 1024 * 1024;

/** Features as a pair, from their numbers. */
export function toFeatures(numbers: readonly number[]): Features {
  const half = (from: number): number =>
    numbers
      .filter((bit) => bit >= from && bit < from + 32)
      .reduce((mask, bit) => (mask | (1 << (bit - from))) >>> 0, 0);
  return { low: half(0), high: half(32) };
}

/** True where a feature is among them. @param bit 0 to 63 */
export function hasFeature(features: Features, bit: number): boolean {
  const half = bit < 32 ? features.low : features.high;
  return ((half >>> (bit & 31)) & 1) === 1;
}

/** A buffer of the driver: descriptors that belong together. */
export interface Chain {
  /** Number of its first descriptor. */
  readonly head: number;
  /** What the driver wrote for the device, in order. To read from only. */
  readonly readable: readonly Uint8Array[];
  readonly readableBytes: number;
  /** Room for the device's answer, in order. */
  readonly writable: readonly Uint8Array[];
  readonly writableBytes: number;
}

/** A queue of buffers, from the device's side. */
export interface Queue {
  /** Chains that `pop` has yet to yield, 0 while the driver is not ready. */
  readonly available: number;
  /** Looks at the next buffer, and leaves it in the queue. @returns undefined where there is none */
  peek(): Chain | undefined;
  /** Takes the next buffer. @returns undefined where there is none */
  pop(): Chain | undefined;
  /**
   * Gives a buffer back, and interrupts the driver where it asked for that.
   * @param written bytes written to the chain's writable views, from their start
   */
  push(chain: Chain, written: number): void;
}

/** A device's transport. */
export interface VirtioHost {
  /** What driver and device agreed on; none before they did. */
  readonly features: Features;
  /** True from DRIVER_OK until reset, unless the device is broken. */
  readonly driverReady: boolean;
  /** A queue of the device. @param index below the device's `queueCount` */
  queue(index: number): Queue;
  /** The device has changed its `config`: the driver is told. */
  configChanged(): void;
  /** The driver broke the device's protocol beyond repair: DEVICE_NEEDS_RESET. */
  fail(): void;
}

/** A virtio device, whatever its transport. */
export interface VirtioDevice {
  /** Section 5: 1 network, 2 block, 3 console, 4 entropy, 5 balloon, 9 9P, 19 socket. */
  readonly deviceId: number;
  /** What the device offers of its own; the transport adds RING_FEATURE. */
  readonly features: Features;
  readonly queueCount: number;
  /** Descriptors of each queue, at most: a power of two, 2 to 1024. */
  readonly queueSize: number;
  /** Bytes that one chain may describe. Left out: CHAIN_BYTES_MAX. */
  readonly chainBytesMax?: number;
  /** The device's configuration space, little-endian, as the driver reads it now. At most 3840 bytes. */
  readonly config: Uint8Array;
  /** The driver writes to the configuration space: within it, and `size` 1, 2 or 4. Absent: such writes do nothing. */
  writeConfig?(offset: number, size: number, value: number): void;
  /** Called once, before anything else. */
  connect(host: VirtioHost): void;
  /** The driver made buffers available in a queue. */
  notify(queue: number): void;
  /** Back to what it is at power-on. */
  reset(): void;
  /** What the driver could notice, without queues: the transport saves those. */
  save(): DeviceState;
  /** @throws VmError `snapshot_invalid` where the state is not one of this device */
  restore(state: DeviceState): void;
}
