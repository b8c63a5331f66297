import type { Clock } from "../../bus/port.ts";
import { ByteRing } from "../byte-ring.ts";
import { Congestion } from "./congestion.ts";
import { RoundTrip } from "./round-trip.ts";
import { FLAG, SEGMENT_PAYLOAD_DEFAULT, SEGMENT_PAYLOAD_MAX, hasFlag, type Segment } from "./segment.ts";
import { addSequence, sequenceDistance } from "./sequence.ts";

/** Bytes that may wait to be acknowledged before the writer is asked to pause. */
const BUFFER_BYTES = 256 * 1024;

/** Timeouts without any word from the peer until it counts as gone: with waits that double, some minutes. */
const UNANSWERED_MAX = 12;

/** What a sender needs of its connection. */
export type SenderHost = {
  readonly clock: Clock;
  readonly initialSequence: number;
  /** Sends a segment. */
  readonly send: (sequence: number, flags: number, payload: Uint8Array) => void;
  /** The peer answers no more. */
  readonly gaveUp: () => void;
};

const NOTHING = new Uint8Array(0);

/**
 * One direction of a connection, from here to the peer: SYN, bytes, FIN (RFC 9293, section 3.8). The variables are the RFC's SND.UNA,
 * SND.NXT and SND.WND; `#highest` is what SND.NXT was before a timeout took it back.
 */
export class Sender {
  readonly #host: SenderHost;
  readonly #buffer = new ByteRing();
  readonly #roundTrip = new RoundTrip();
  #congestion = new Congestion(SEGMENT_PAYLOAD_DEFAULT);
  #segmentSize = SEGMENT_PAYLOAD_DEFAULT;
  #windowShift = 0;
  #window = 0;
  #windowMax = 0;
  /** Sequence and acknowledgement of the segment that the window came with: SND.WL1 and SND.WL2. */
  #windowFrom = { sequence: 0, acknowledgement: 0 };
  #unacknowledged: number;
  #next: number;
  #highest: number;
  #isSynchronized = false;
  #hasEnded = false;
  #hasSentFinish = false;
  #timed: { readonly sequence: number; readonly at: number } | undefined;
  #timeouts = 0;
  #unanswered = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(host: SenderHost) {
    this.#host = host;
    this.#unacknowledged = host.initialSequence;
    this.#next = host.initialSequence;
    this.#highest = host.initialSequence;
  }

  /** SND.NXT, for segments without content. */
  get next(): number {
    return this.#highest;
  }

  /** True where the writer is asked to wait. */
  get isFull(): boolean {
    return this.#buffer.length >= BUFFER_BYTES;
  }

  /** True once half of the room is free again. */
  get hasRoom(): boolean {
    return this.#buffer.length <= BUFFER_BYTES / 2;
  }

  /** True where nothing more may be written. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** True where all bytes have been acknowledged, and the end has been sent. */
  get owesOnlyEnd(): boolean {
    return this.#hasSentFinish && this.#buffer.length === 0;
  }

  /** True where everything, the end as well, has been acknowledged. */
  get isFinished(): boolean {
    return this.#hasSentFinish && this.#unacknowledged === this.#highest;
  }

  /** Takes over what the peer's SYN says. */
  negotiate(synchronize: Segment): void {
    const offered = synchronize.maximumSegmentSize ?? SEGMENT_PAYLOAD_DEFAULT;
    // A hostile peer names tiny sizes to make many frames of few bytes.
    this.#segmentSize = Math.min(Math.max(offered, 64), SEGMENT_PAYLOAD_MAX);
    this.#congestion = new Congestion(this.#segmentSize);
    this.#windowShift = synchronize.windowShift ?? 0;
    this.#setWindow(synchronize, synchronize.window);
  }

  /** Puts bytes in line. */
  write(bytes: Uint8Array): void {
    this.#buffer.append(bytes);
  }

  /** After what is in line comes the end. */
  end(): void {
    this.#hasEnded = true;
  }

  /** Sends SYN, the first time or again. */
  synchronize(): void {
    this.#host.send(this.#unacknowledged, FLAG.synchronize, NOTHING);
    this.#next = addSequence(this.#unacknowledged, 1);
    this.#highest = this.#next;
    this.#startTimer();
  }

  /** Sends what the peer's window and the network take. */
  pump(): void {
    if (!this.#isSynchronized) {
      return;
    }
    for (let length = this.#sendable(); length !== undefined; length = this.#sendable()) {
      this.#send(sequenceDistance(this.#unacknowledged, this.#next), length);
    }
    const isIdle = this.#unacknowledged === this.#next && this.#buffer.length === 0;
    if (isIdle) {
      this.stop();
    } else if (this.#cancelTimer === undefined) {
      this.#startTimer();
    }
  }

  /**
   * Takes a segment's acknowledgement and window.
   * @returns false where it acknowledges what was never sent
   */
  acknowledge(segment: Segment): boolean {
    const { acknowledgement } = segment;
    if (sequenceDistance(this.#highest, acknowledgement) > 0) {
      return false;
    }
    this.#unanswered = 0;
    const count = sequenceDistance(this.#unacknowledged, acknowledgement);
    const windowBefore = this.#window;
    if (count >= 0) {
      this.#updateWindow(segment);
    }
    if (count > 0) {
      this.#advance(count, acknowledgement);
    } else if (count === 0 && segment.payload.length === 0 && this.#window === windowBefore) {
      this.#repeated(segment);
    }
    return true;
  }

  /** No more timers. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** Payload of the segment to send now, 0 for a lone FIN; undefined where there is none. */
  #sendable(): number | undefined {
    const flight = sequenceDistance(this.#unacknowledged, this.#next);
    const unsent = this.#buffer.length - flight;
    if (unsent <= 0) {
      return unsent === 0 && this.#hasEnded && !this.isFinished ? 0 : undefined;
    }
    const usable = Math.min(this.#window, this.#congestion.window) - flight;
    const length = Math.min(unsent, usable, this.#segmentSize);
    // No silly windows (section 3.8.6.2.1): a short segment only where it is the last, or nothing else will open the window.
    const isWorthwhile =
      length === this.#segmentSize || length === unsent || flight === 0 || length >= this.#windowMax / 2;
    return length > 0 && isWorthwhile ? length : undefined;
  }

  /** Sends bytes, with FIN where they are the last. @param offset from the first that is not acknowledged */
  #send(offset: number, length: number): void {
    const sequence = addSequence(this.#unacknowledged, offset);
    const payload = new Uint8Array(length);
    this.#buffer.copy(offset, payload);
    const isLast = offset + length === this.#buffer.length;
    const isFinish = isLast && this.#hasEnded;
    this.#hasSentFinish ||= isFinish;
    if (sequence !== this.#highest) {
      this.#timed = undefined;
    } else {
      this.#timed ??= { sequence, at: this.#host.clock.now() };
    }
    const end = addSequence(sequence, length + (isFinish ? 1 : 0));
    this.#next = sequenceDistance(this.#next, end) > 0 ? end : this.#next;
    this.#highest = sequenceDistance(this.#highest, end) > 0 ? end : this.#highest;
    this.#host.send(sequence, (isFinish ? FLAG.finish : 0) | (isLast ? FLAG.push : 0), payload);
  }

  /** Sends the first segment that is not acknowledged again; at least a byte of it, whatever the window (section 3.8.6.1). */
  #sendFirst(): void {
    const length = Math.min(this.#buffer.length, this.#segmentSize, Math.max(1, this.#window));
    if (length > 0 || (this.#hasEnded && !this.isFinished)) {
      this.#send(0, length);
    }
  }

  #advance(count: number, acknowledgement: number): void {
    const control = this.#isSynchronized ? 0 : 1;
    this.#isSynchronized = true;
    this.#buffer.discard(Math.min(count - control, this.#buffer.length));
    this.#unacknowledged = acknowledgement;
    if (sequenceDistance(this.#next, acknowledgement) > 0) {
      this.#next = acknowledgement;
    }
    this.#measure(acknowledgement);
    this.#timeouts = 0;
    this.stop();
    if (control === 0 && this.#congestion.acknowledged(count, acknowledgement)) {
      this.#sendFirst();
    }
  }

  #repeated(segment: Segment): void {
    const flight = sequenceDistance(this.#unacknowledged, this.#highest);
    const isDuplicate = flight > 0 && this.#isSynchronized && !hasFlag(segment, FLAG.finish) && this.#window > 0;
    if (isDuplicate && this.#congestion.duplicated(flight, this.#highest)) {
      this.#sendFirst();
    }
  }

  #measure(acknowledgement: number): void {
    if (this.#timed !== undefined && sequenceDistance(this.#timed.sequence, acknowledgement) > 0) {
      this.#roundTrip.measured(this.#host.clock.now() - this.#timed.at);
      this.#timed = undefined;
    }
  }

  #updateWindow(segment: Segment): void {
    const { sequence, acknowledgement } = this.#windowFrom;
    const newer = sequenceDistance(sequence, segment.sequence);
    if (newer > 0 || (newer === 0 && sequenceDistance(acknowledgement, segment.acknowledgement) >= 0)) {
      const isUnscaled = hasFlag(segment, FLAG.synchronize);
      this.#setWindow(segment, isUnscaled ? segment.window : segment.window * 2 ** this.#windowShift);
    }
  }

  #setWindow(segment: Segment, window: number): void {
    if (this.#window === 0 && window > 0) {
      this.#timeouts = 0;
    }
    this.#window = window;
    this.#windowMax = Math.max(this.#windowMax, window);
    this.#windowFrom = { sequence: segment.sequence, acknowledgement: segment.acknowledgement };
  }

  #startTimer(): void {
    this.stop();
    const { clock } = this.#host;
    const at = clock.now() + this.#roundTrip.timeout(this.#timeouts);
    this.#cancelTimer = clock.schedule(at, () => this.#timedOut());
  }

  #timedOut(): void {
    this.#cancelTimer = undefined;
    this.#timeouts += 1;
    this.#unanswered += 1;
    if (this.#unanswered > UNANSWERED_MAX) {
      this.#host.gaveUp();
    } else if (!this.#isSynchronized) {
      this.synchronize();
    } else {
      this.#sendAgain();
    }
  }

  #sendAgain(): void {
    if (this.#window > 0) {
      this.#congestion.timedOut(sequenceDistance(this.#unacknowledged, this.#highest));
    }
    this.#timed = undefined;
    this.#next = this.#unacknowledged;
    this.#sendFirst();
    this.#startTimer();
  }
}
