/** A queue as the driver sets it up, and as the device uses it: empty for the device while it is not ready. */

import type { DeviceState } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import type { Chain, Queue } from "./port.ts";
import { openSplitQueue, type QueueLayout, type QueueOwner, type SplitQueue } from "./queue.ts";
import { stateBoolean, stateNumber } from "./state.ts";

/** What the driver says of a queue, 32 bits each. Addresses are physical. */
export type QueueSetup = {
  size: number;
  descriptorsLow: number;
  descriptorsHigh: number;
  availableLow: number;
  availableHigh: number;
  usedLow: number;
  usedHigh: number;
};

const initialSetup = (size: number): QueueSetup => ({
  size,
  descriptorsLow: 0,
  descriptorsHigh: 0,
  availableLow: 0,
  availableHigh: 0,
  usedLow: 0,
  usedHigh: 0,
});

const toAddress = (high: number, low: number): number => high * 0x1_0000_0000 + low;

function toLayout(setup: QueueSetup): QueueLayout {
  return {
    size: setup.size,
    descriptors: toAddress(setup.descriptorsHigh, setup.descriptorsLow),
    available: toAddress(setup.availableHigh, setup.availableLow),
    used: toAddress(setup.usedHigh, setup.usedLow),
  };
}

/** One queue of a device. */
export class QueueSlot implements Queue {
  readonly #sizeMax: number;
  #setup: QueueSetup;
  #open: SplitQueue | undefined;

  /** @param sizeMax descriptors at most: a power of two */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
    this.#setup = initialSetup(sizeMax);
  }

  /** Descriptors at most. */
  get sizeMax(): number {
    return this.#sizeMax;
  }

  /** True from `open` to `close`. */
  get ready(): boolean {
    return this.#open !== undefined;
  }

  get available(): number {
    return this.#open?.available ?? 0;
  }

  peek(): Chain | undefined {
    return this.#open?.peek();
  }

  pop(): Chain | undefined {
    return this.#open?.pop();
  }

  push(chain: Chain, written: number): void {
    this.#open?.push(chain, written);
  }

  /** The driver says that there may be more. */
  refresh(): void {
    this.#open?.refresh();
  }

  /** Takes down a part of the set-up. Does nothing while the queue is ready (section 4.2.2.2 forbids it then). */
  set(field: keyof QueueSetup, value: number): void {
    if (!this.ready) this.#setup[field] = value;
  }

  /** The driver has set the queue up. @returns false where the set-up is unsound */
  open(owner: QueueOwner): boolean {
    const { size } = this.#setup;
    const sound = size > 0 && size <= this.#sizeMax && (size & (size - 1)) === 0;
    if (sound) this.#open ??= openSplitQueue(toLayout(this.#setup), owner);
    return this.ready;
  }

  /** Nothing comes out of the queue any more. Its set-up stays. */
  close(): void {
    this.#open = undefined;
  }

  reset(): void {
    this.close();
    this.#setup = initialSetup(this.#sizeMax);
  }

  save(): DeviceState {
    return { ...this.#setup, ready: this.ready, ...(this.#open?.progress() ?? { visible: 0, popped: 0, pushed: 0 }) };
  }

  /** @throws VmError `snapshot_invalid` */
  restore(state: DeviceState, owner: QueueOwner): void {
    this.reset();
    for (const field of Object.keys(this.#setup) as (keyof QueueSetup)[])
      this.#setup[field] = stateNumber(state, field);
    if (!stateBoolean(state, "ready")) return;
    if (!this.open(owner))
      throw new VmError("snapshot_invalid", "The snapshot has a virtio queue outside the machine's memory.");
    const index = (name: string): number => stateNumber(state, name, 0x1_0000);
    this.#open?.resume({ visible: index("visible"), popped: index("popped"), pushed: index("pushed") });
  }
}
