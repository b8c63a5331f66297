/**
 * Split virtqueues (virtio 1.2, section 2.7). Synchronous: the guest stands still while a device works, so that no barriers are needed.
 * Everything in the rings is the guest's, and may be nonsense: whatever is unsound breaks the queue instead of being followed.
 */

import type { PhysicalMemory } from "../../bus/port.ts";
import { openChain } from "./chain.ts";
import type { Chain, Queue } from "./port.ts";

/** Where the driver put a queue. Addresses are physical. */
export type QueueLayout = {
  /** Descriptors in the table: a power of two. */
  readonly size: number;
  readonly descriptors: number;
  /** The ring of available buffers: the driver's area. */
  readonly available: number;
  /** The ring of used buffers: the device's area. */
  readonly used: number;
};

/** How far the device is in a queue, and what it last told the driver: all a snapshot needs. */
export type QueueProgress = { readonly visible: number; readonly popped: number; readonly pushed: number };

/** What a queue needs of its transport. */
export type QueueOwner = {
  readonly memory: PhysicalMemory;
  /** True where RING_FEATURE.eventIndex was agreed on. */
  readonly eventIndex: boolean;
  /** True where RING_FEATURE.indirectDescriptors was agreed on. */
  readonly indirect: boolean;
  /** Bytes that one chain may describe. */
  readonly chainBytesMax: number;
  /** The driver wants to hear of a used buffer. */
  interrupt(): void;
  /** The rings are unsound. */
  fail(): void;
};

/** A queue that the driver has set up. */
export interface SplitQueue extends Queue {
  /** The driver said that it made buffers available: looks how many. */
  refresh(): void;
  progress(): QueueProgress;
  /** Goes on where a queue of a snapshot was. */
  resume(progress: QueueProgress): void;
}

const NO_INTERRUPT = 1;
const INDEX_MASK = 0xffff;

const littleEndian = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Opens a queue where the driver put it.
 * @returns undefined where a ring is not in RAM, or not aligned (section 2.7: 16, 2 and 4 bytes)
 */
export function openSplitQueue(layout: QueueLayout, owner: QueueOwner): SplitQueue | undefined {
  const { size } = layout;
  const { memory } = owner;
  const aligned = layout.descriptors % 16 === 0 && layout.available % 2 === 0 && layout.used % 4 === 0;
  const present =
    memory.readable(layout.descriptors, size * 16) !== undefined &&
    memory.readable(layout.available, size * 2 + 6) !== undefined &&
    memory.readable(layout.used, size * 8 + 6) !== undefined;
  if (!aligned || !present) return undefined;
  return new RamQueue(layout, owner);
}

class RamQueue implements SplitQueue {
  readonly #layout: QueueLayout;
  readonly #owner: QueueOwner;
  /** The driver's index when it last notified; index of the next to pop; of the next to push. All modulo 2^16. */
  #visible = 0;
  #popped = 0;
  #pushed = 0;

  constructor(layout: QueueLayout, owner: QueueOwner) {
    this.#layout = layout;
    this.#owner = owner;
  }

  get available(): number {
    return (this.#visible - this.#popped) & INDEX_MASK;
  }

  progress(): QueueProgress {
    return { visible: this.#visible, popped: this.#popped, pushed: this.#pushed };
  }

  resume(progress: QueueProgress): void {
    this.#visible = progress.visible;
    this.#popped = progress.popped;
    this.#pushed = progress.pushed;
  }

  refresh(): void {
    this.#visible = this.#read16(this.#layout.available + 2);
    if (this.available > this.#layout.size) this.#break();
    else if (this.#owner.eventIndex) this.#write16(this.#layout.used + 4 + this.#layout.size * 8, this.#visible);
  }

  peek(): Chain | undefined {
    if (this.available === 0) return undefined;
    const slot = this.#popped & (this.#layout.size - 1);
    const head = this.#read16(this.#layout.available + 4 + slot * 2);
    const table = this.#owner.memory.readable(this.#layout.descriptors, this.#layout.size * 16);
    const chain = table === undefined ? undefined : openChain(littleEndian(table), head, this.#owner);
    if (chain === undefined) this.#break();
    return chain;
  }

  pop(): Chain | undefined {
    const chain = this.peek();
    if (chain !== undefined) this.#popped = (this.#popped + 1) & INDEX_MASK;
    return chain;
  }

  push(chain: Chain, written: number): void {
    const slot = this.#pushed & (this.#layout.size - 1);
    const element = this.#owner.memory.writable(this.#layout.used + 4 + slot * 8, 8);
    if (element === undefined) return this.#break();
    const view = littleEndian(element);
    view.setUint32(0, chain.head, true);
    view.setUint32(4, Math.min(written, chain.writableBytes), true);
    this.#pushed = (this.#pushed + 1) & INDEX_MASK;
    this.#write16(this.#layout.used + 2, this.#pushed);
    if (this.#wantsInterrupt()) this.#owner.interrupt();
  }

  /** Section 2.7.7: by index where that was agreed on, by a flag otherwise. */
  #wantsInterrupt(): boolean {
    const { available, size } = this.#layout;
    if (!this.#owner.eventIndex) return (this.#read16(available) & NO_INTERRUPT) === 0;
    return this.#read16(available + 4 + size * 2) === ((this.#pushed - 1) & INDEX_MASK);
  }

  #break(): void {
    this.#visible = this.#popped;
    this.#owner.fail();
  }

  #read16(address: number): number {
    const bytes = this.#owner.memory.readable(address, 2);
    return bytes === undefined ? 0 : littleEndian(bytes).getUint16(0, true);
  }

  #write16(address: number, value: number): void {
    const bytes = this.#owner.memory.writable(address, 2);
    if (bytes !== undefined) littleEndian(bytes).setUint16(0, value, true);
  }
}
