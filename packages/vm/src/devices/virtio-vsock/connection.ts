import { ByteRing } from "../../network/byte-ring.ts";
import type { ByteStream, StreamListener } from "../../network/port.ts";
import { OPERATION, SHUTDOWN, type PacketHeader } from "./packet.ts";

/** Bytes that the guest may send ahead. */
export const RECEIVE_BYTES: number = 256 * 1024;

/** Bytes that may wait for the guest before the writer is asked to pause. */
const SEND_BYTES = 256 * 1024;

/** What goes to the guest next. */
export type OutgoingPacket = { readonly operation: number; readonly flags: number; readonly payload: Uint8Array };

/** What a connection needs of its device. */
export type SocketHost = {
  /** There is something to send. */
  readonly wake: () => void;
  /** It is over. */
  readonly closed: () => void;
};

const NOTHING = new Uint8Array(0);
const BOTH = SHUTDOWN.receive | SHUTDOWN.send;

/** One stream between host and guest, with credit (virtio 1.2, section 5.10.6.3). */
export class SocketConnection implements ByteStream {
  readonly #host: SocketHost;
  readonly #outgoing = new ByteRing();
  #control: { operation: number; flags: number }[] = [];
  #listener: StreamListener | undefined;
  /** Bytes that came before anybody listened: bounded by the credit. */
  readonly #early = new ByteRing();
  #isOpen = true;
  #isEstablished: boolean;
  #isPaused = false;
  #isDrainWanted = false;
  #hasEnded = false;
  /** What the guest said it does no more. */
  #guestShutdown = 0;
  #saidShutdown = 0;
  #received = 0;
  #forwarded = 0;
  #toldForwarded = 0;
  #sent = 0;
  #guestBufferBytes = 0;
  #guestForwarded = 0;

  /** @param first what opens it: a request of ours, or the response to the guest's */
  constructor(host: SocketHost, first: number) {
    this.#host = host;
    this.#isEstablished = first === OPERATION.response;
    this.#sendControl(first);
  }

  /** The counters that every packet carries. */
  get credit(): { readonly bufferBytes: number; readonly forwarded: number } {
    return { bufferBytes: RECEIVE_BYTES, forwarded: this.#forwarded };
  }

  listen(listener: StreamListener): void {
    this.#listener = listener;
    // Bytes and ends that came before are told as soon as the caller is through.
    void Promise.resolve().then(() => this.#begin());
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#isOpen || this.#hasEnded || (this.#guestShutdown & SHUTDOWN.receive) !== 0) {
      return true;
    }
    this.#outgoing.append(bytes);
    this.#isDrainWanted ||= this.#outgoing.length >= SEND_BYTES;
    this.#host.wake();
    return this.#outgoing.length < SEND_BYTES;
  }

  end(): void {
    this.#hasEnded = true;
    this.#host.wake();
  }

  destroy(): void {
    this.#listener = undefined;
    this.#breakOff();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#forward();
  }

  /** The guest answered a request. @returns false where it was not asked */
  establish(): boolean {
    const isFirst = !this.#isEstablished;
    this.#isEstablished = true;
    return isFirst;
  }

  /** Takes what the guest says of its buffers. */
  updateCredit(header: PacketHeader): void {
    this.#guestBufferBytes = header.bufferBytes;
    this.#guestForwarded = header.forwarded;
    this.#host.wake();
  }

  /** Takes bytes of the guest's; more than it has credit for break the connection off. */
  receive(payload: Uint8Array): void {
    const ahead = (this.#received - this.#forwarded) >>> 0;
    const isWrong = !this.#isEstablished || (this.#guestShutdown & SHUTDOWN.send) !== 0;
    if (isWrong || ahead + payload.length > RECEIVE_BYTES) {
      this.#breakOff();
      return;
    }
    this.#received = (this.#received + payload.length) >>> 0;
    if (this.#listener === undefined) {
      this.#early.append(payload);
      return;
    }
    this.#listener.data(payload);
    this.#forward();
  }

  /** The guest sends or receives no more. */
  shutDown(flags: number): void {
    const before = this.#guestShutdown;
    this.#guestShutdown |= flags & BOTH;
    if ((before & SHUTDOWN.send) === 0 && (this.#guestShutdown & SHUTDOWN.send) !== 0) {
      this.#listener?.end();
    }
    if (this.#guestShutdown === BOTH && this.#listener !== undefined) {
      this.#closeWithReset(this.#outgoing.length > 0);
    } else {
      this.#host.wake();
    }
  }

  /** The guest knows nothing more of it. */
  forget(): void {
    this.close(this.#saidShutdown !== BOTH);
  }

  /** The guest asks for our counters. */
  answerCreditRequest(): void {
    this.#sendControl(OPERATION.creditUpdate);
  }

  /** It is over. */
  close(failed: boolean): void {
    if (!this.#isOpen) {
      return;
    }
    this.#isOpen = false;
    const listener = this.#listener;
    this.#listener = undefined;
    this.#host.closed();
    listener?.close(failed);
  }

  /** The next packet for the guest. @param room bytes of payload that it may have @returns undefined where there is none */
  next(room: number): OutgoingPacket | undefined {
    const control = this.#control.shift();
    if (control !== undefined) {
      return { ...control, payload: NOTHING };
    }
    if (!this.#isEstablished || !this.#isOpen) {
      return undefined;
    }
    const credit = this.#guestBufferBytes - ((this.#sent - this.#guestForwarded) >>> 0);
    const length = Math.min(this.#outgoing.length, credit, room);
    return length > 0 ? this.#takePayload(length) : this.#nextShutdown();
  }

  /** Every packet carries the counters. */
  told(): void {
    this.#toldForwarded = this.#forwarded;
  }

  #begin(): void {
    const early = new Uint8Array(this.#early.length);
    this.#early.copy(0, early);
    this.#early.discard(early.length);
    if (early.length > 0) {
      this.#listener?.data(early);
      this.#forward();
    }
    if (!this.#isOpen) {
      this.#listener?.close(true);
    } else if ((this.#guestShutdown & SHUTDOWN.send) !== 0) {
      this.#guestShutdown &= ~SHUTDOWN.send;
      this.shutDown(SHUTDOWN.send);
    }
  }

  #takePayload(length: number): OutgoingPacket {
    const payload = new Uint8Array(length);
    this.#outgoing.copy(0, payload);
    this.#outgoing.discard(length);
    this.#sent = (this.#sent + length) >>> 0;
    if (this.#isDrainWanted && this.#outgoing.length <= SEND_BYTES / 2) {
      this.#isDrainWanted = false;
      this.#listener?.drain();
    }
    return { operation: OPERATION.write, flags: 0, payload };
  }

  /** Once both have sent all, the guest is told so, and answers with a reset. */
  #nextShutdown(): OutgoingPacket | undefined {
    const isOver = (this.#guestShutdown & SHUTDOWN.send) !== 0;
    const flags = this.#hasEnded && this.#outgoing.length === 0 ? (isOver ? BOTH : SHUTDOWN.send) : 0;
    if (flags === this.#saidShutdown) {
      return undefined;
    }
    this.#saidShutdown = flags;
    return { operation: OPERATION.shutdown, flags, payload: NOTHING };
  }

  #forward(): void {
    if (this.#isPaused || !this.#isOpen) {
      return;
    }
    this.#forwarded = this.#received;
    if ((this.#forwarded - this.#toldForwarded) >>> 0 >= RECEIVE_BYTES / 2) {
      this.#sendControl(OPERATION.creditUpdate);
    }
  }

  #breakOff(): void {
    if (this.#isOpen) {
      this.#closeWithReset(true);
    }
  }

  /** Closed first: nothing follows the reset. */
  #closeWithReset(failed: boolean): void {
    this.close(failed);
    this.#sendControl(OPERATION.reset);
  }

  #sendControl(operation: number): void {
    if (!this.#control.some((waiting) => waiting.operation === operation)) {
      this.#control.push({ operation, flags: 0 });
    }
    this.#host.wake();
  }
}
