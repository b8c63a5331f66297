/** Control messages of a console device with several ports (virtio 1.2, section 5.3.6.2). */

import type { DeviceState } from "../../../bus/port.ts";
import { gatherBytes, scatterBytes } from "../buffers.ts";
import type { Queue } from "../port.ts";
import { stateBytes, stateList } from "../state.ts";

/** What a message is about. */
export const CONTROL = {
  deviceReady: 0,
  portAdd: 1,
  portRemove: 2,
  portReady: 3,
  consolePort: 4,
  resize: 5,
  portOpen: 6,
  portName: 7,
} as const;

/** A message: which port, what, and one number. */
export type ControlMessage = { readonly port: number; readonly event: number; readonly value: number };

const MESSAGE_BYTES = 8;
/** Messages that wait for the driver's buffers, at most: a driver that asks on without taking answers is broken. */
const WAITING_MAX = 1024;

/** @returns undefined where there are too few bytes for one */
export function parseControlMessage(readable: readonly Uint8Array[]): ControlMessage | undefined {
  const bytes = gatherBytes(readable, 0, MESSAGE_BYTES);
  if (bytes.length < MESSAGE_BYTES) return undefined;
  const view = new DataView(bytes.buffer);
  return { port: view.getUint32(0, true), event: view.getUint16(4, true), value: view.getUint16(6, true) };
}

/** Messages on their way to the driver, in order. */
export class ControlSender {
  #waiting: Uint8Array[] = [];

  /** @param rest follows the message: a name. @returns false where too many wait */
  add(message: ControlMessage, rest: Uint8Array = new Uint8Array(0)): boolean {
    if (this.#waiting.length >= WAITING_MAX) return false;
    const bytes = new Uint8Array(MESSAGE_BYTES + rest.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, message.port, true);
    view.setUint16(4, message.event, true);
    view.setUint16(6, message.value, true);
    bytes.set(rest, MESSAGE_BYTES);
    this.#waiting.push(bytes);
    return true;
  }

  /** Sends what waits, as far as the driver has buffers for it. */
  flush(queue: Queue | undefined): void {
    for (let sent = 0; ; sent++) {
      const bytes = this.#waiting[sent];
      const chain = bytes === undefined ? undefined : queue?.pop();
      if (bytes === undefined || chain === undefined) return void this.#waiting.splice(0, sent);
      queue?.push(chain, scatterBytes(chain.writable, 0, bytes));
    }
  }

  clear(): void {
    this.#waiting = [];
  }

  save(): readonly DeviceState[] {
    return this.#waiting.map((bytes) => ({ bytes }));
  }

  /** @throws VmError `snapshot_invalid` */
  restore(state: DeviceState, name: string): void {
    this.#waiting = stateList(state, name).map((message) => stateBytes(message, "bytes"));
  }
}
