/** One port of a console device, from the host's side: a pipe with two ends that are each open or closed. */

import type { DeviceState } from "../../../bus/port.ts";
import { VmError } from "../../../error.ts";
import { gatherBytes } from "../buffers.ts";
import { CHAIN_BYTES_MAX, type Queue } from "../port.ts";
import { stateBoolean, stateBytes } from "../state.ts";
import { ByteQueue } from "./byte-queue.ts";

/** Bytes that wait for the guest, at most. */
export const SEND_BYTES_MAX: number = 64 * 1024;

/** What a port needs of its device. */
export type PortWiring = {
  readonly name: string;
  /** Towards the guest, and from it. */
  readonly receiveQueue: () => Queue | undefined;
  readonly transmitQueue: () => Queue | undefined;
  /** The host's end was opened or closed. */
  readonly announce: (open: boolean) => void;
};

/** A port by its name: `/dev/virtio-ports/NAME` in the guest. */
export class ConsolePort {
  readonly name: string;
  /** Called with what the guest writes: the bytes are the callee's. Set by the one who wants them. */
  onData: (bytes: Uint8Array) => void = () => undefined;
  /** Called when the guest opens or closes its end. */
  onGuestOpen: (open: boolean) => void = () => undefined;
  /** Called when all that was sent has reached the guest. */
  onDrain: () => void = () => undefined;
  readonly #wiring: PortWiring;
  readonly #waiting = new ByteQueue(SEND_BYTES_MAX);
  #guestOpen = false;
  #hostOpen = true;
  #paused = false;

  constructor(wiring: PortWiring) {
    this.name = wiring.name;
    this.#wiring = wiring;
  }

  /** True while somebody in the guest has the port open. */
  get guestOpen(): boolean {
    return this.#guestOpen;
  }

  /** True while the host's end is open; so it is at the start. */
  get hostOpen(): boolean {
    return this.#hostOpen;
  }

  /** Bytes that wait for the guest. */
  get waitingBytes(): number {
    return this.#waiting.length;
  }

  /**
   * Sends to the guest. What comes before it opens its end waits for that; what waits when it closes is dropped.
   * @returns how many bytes were taken: fewer than given where SEND_BYTES_MAX are waiting; the rest after `onDrain`
   */
  send(bytes: Uint8Array): number {
    let taken = 0;
    for (;;) {
      const count = this.#waiting.write(bytes.subarray(taken));
      taken += count;
      this.#deliver();
      if (count === 0 || taken === bytes.length) return taken;
    }
  }

  /** Opens or closes the host's end: the guest reads an end of file, and can't write, while it is closed. */
  setHostOpen(open: boolean): void {
    if (open === this.#hostOpen) return;
    this.#hostOpen = open;
    this.#wiring.announce(open);
  }

  /** Lets what the guest writes wait in the guest. */
  pause(): void {
    this.#paused = true;
  }

  /** Takes what the guest writes again. */
  resume(): void {
    this.#paused = false;
    this.drainGuest();
  }

  /** The guest made room: what waits goes there. */
  feedGuest(): void {
    const before = this.#waiting.length;
    this.#deliver();
    if (before > 0 && this.#waiting.length === 0) this.onDrain();
  }

  /** The guest wrote: it goes to the host, unless that is paused. */
  drainGuest(): void {
    const queue = this.#wiring.transmitQueue();
    while (!this.#paused) {
      const chain = queue?.pop();
      if (chain === undefined) return;
      const bytes = gatherBytes(chain.readable, 0, CHAIN_BYTES_MAX);
      queue?.push(chain, 0);
      if (bytes.length > 0) this.onData(bytes);
    }
  }

  /** The guest opened or closed its end, or lost it by a reset. */
  setGuestOpen(open: boolean): void {
    if (open === this.#guestOpen) return;
    this.#guestOpen = open;
    if (!open) this.#waiting.clear();
    this.onGuestOpen(open);
    if (open) this.feedGuest();
  }

  save(): DeviceState {
    return { name: this.name, guestOpen: this.#guestOpen, hostOpen: this.#hostOpen, waiting: this.#waiting.peekAll() };
  }

  /** @throws VmError `snapshot_invalid` */
  restore(state: DeviceState): void {
    if (state["name"] !== this.name)
      throw new VmError("snapshot_invalid", `The snapshot's console has no port "${this.name}" at its place.`);
    const waiting = stateBytes(state, "waiting");
    this.#waiting.clear();
    this.#waiting.write(waiting);
    this.#guestOpen = stateBoolean(state, "guestOpen");
    this.#hostOpen = stateBoolean(state, "hostOpen");
  }

  #deliver(): void {
    const queue = this.#guestOpen ? this.#wiring.receiveQueue() : undefined;
    while (this.#waiting.length > 0) {
      const chain = queue?.pop();
      if (chain === undefined) return;
      const written = chain.writable.reduce((sum, view) => sum + this.#waiting.read(view), 0);
      queue?.push(chain, written);
    }
  }
}
