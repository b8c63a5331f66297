import type { Clock } from "../../bus/port.ts";
import type { ByteStream, StreamListener } from "../port.ts";
import { Receiver, WINDOW_SHIFT, WINDOW_UNSCALED_MAX } from "./receiver.ts";
import { FLAG, SEGMENT_PAYLOAD_MAX, hasFlag, type Segment, type SegmentOptions } from "./segment.ts";
import { Sender } from "./sender.ts";
import { addSequence, sequenceDistance } from "./sequence.ts";

/** How long a connection that ended here first answers the guest's last words again, in ns. Where room is needed it is less. */
const TIME_WAIT = 60_000_000_000;

const NOTHING = new Uint8Array(0);

/** What a connection sends; ports and addresses are added behind. */
export type OutgoingSegment = Omit<Segment, "sourcePort" | "destinationPort">;

/** What a connection needs of the network. */
export type ConnectionHost = {
  readonly clock: Clock;
  readonly initialSequence: number;
  readonly send: (segment: OutgoingSegment) => void;
  /** The guest's SYN was answered, and its answer came. */
  readonly established: () => void;
  /** It is over: nothing is sent any more. */
  readonly closed: () => void;
};

type State = "closed" | "waiting" | "syn-sent" | "syn-received" | "established" | "time-wait";

/**
 * A TCP connection with the guest (RFC 9293). States are the RFC's, but for those that differ only in who has ended, which sender and
 * receiver know; `waiting` is a guest's SYN that is not answered yet. Seen from the host's side it is a stream.
 */
export class TcpConnection implements ByteStream {
  readonly #host: ConnectionHost;
  readonly #sender: Sender;
  #receiver: Receiver | undefined;
  #options: SegmentOptions = { maximumSegmentSize: SEGMENT_PAYLOAD_MAX, windowShift: WINDOW_SHIFT };
  #state: State = "waiting";
  #listener: StreamListener | undefined;
  #isDrainWanted = false;
  #owesAcknowledgement = false;
  #endedFirst = false;
  #cancelPump: (() => void) | undefined;
  #cancelTimeWait: (() => void) | undefined;

  constructor(host: ConnectionHost) {
    this.#host = host;
    this.#sender = new Sender({
      clock: host.clock,
      initialSequence: host.initialSequence,
      send: (sequence, flags, payload) => this.#send(sequence, flags, payload),
      gaveUp: () => this.#fail(),
    });
  }

  /** True where it only waits for late segments, and may be forgotten where room is needed. */
  get isLingering(): boolean {
    return this.#state === "time-wait";
  }

  /** True where it lingers, and a SYN opens the connection anew: one that is late begins before what was received (RFC 1122, section 4.2.2.13). */
  isReopenedBy({ sequence }: Segment): boolean {
    return this.isLingering && this.#receiver !== undefined && sequenceDistance(this.#receiver.next, sequence) >= 0;
  }

  /** Opens towards the guest. */
  open(): void {
    this.#state = "syn-sent";
    this.#sender.synchronize();
  }

  /** Answers the guest's SYN. */
  accept(synchronize: Segment): void {
    this.#negotiate(synchronize);
    this.#state = "syn-received";
    this.#sender.synchronize();
  }

  listen(listener: StreamListener): void {
    const { clock } = this.#host;
    this.#listener = listener;
    clock.schedule(clock.now(), () => this.#begin());
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state === "closed" || this.#sender.hasEnded) {
      return true;
    }
    this.#sender.write(bytes);
    this.#schedulePump();
    this.#isDrainWanted ||= this.#sender.isFull;
    return !this.#sender.isFull;
  }

  end(): void {
    if (this.#state !== "closed" && !this.#sender.hasEnded) {
      this.#endedFirst = this.#receiver?.hasEnded !== true;
      this.#sender.end();
      this.#schedulePump();
    }
  }

  destroy(): void {
    this.#listener = undefined;
    this.#fail();
  }

  pause(): void {
    this.#receiver?.pause();
  }

  resume(): void {
    if (this.#receiver?.resume() === true && this.#state !== "closed") {
      this.#owesAcknowledgement = true;
      this.#schedulePump();
    }
  }

  /** Takes a segment of the guest's. */
  receive(segment: Segment): void {
    if (this.#state === "waiting") {
      this.#receiveWaiting(segment);
    } else if (this.#state === "syn-sent") {
      this.#receiveSynchronizing(segment);
    } else if (this.#state !== "closed" && this.#receiver !== undefined) {
      this.#receiveSynchronized(segment, this.#receiver);
    }
  }

  /** Forgets everything, and says nothing to the guest. @param failed what the listener is told */
  abandon(failed = true): void {
    const wasOpen = this.#state !== "closed" && this.#state !== "time-wait";
    this.#state = "closed";
    this.#sender.stop();
    this.#receiver?.clear();
    this.#cancelPump?.();
    this.#cancelTimeWait?.();
    this.#host.closed();
    if (wasOpen) {
      this.#tellClosed(failed);
    }
  }

  /** There is a listener now: what came before is its. */
  #begin(): void {
    if (this.#state === "closed") {
      this.#tellClosed(true);
    } else if (this.#receiver?.release() === true) {
      this.#owesAcknowledgement = true;
      this.#schedulePump();
      this.#settle();
    }
  }

  /** The guest gave up before it was answered. */
  #receiveWaiting(segment: Segment): void {
    if (hasFlag(segment, FLAG.reset)) {
      this.abandon();
    }
  }

  /** Section 3.10.7.3. Simultaneous opens are refused: a guest has no reason for them. */
  #receiveSynchronizing(segment: Segment): void {
    const isAnswer = hasFlag(segment, FLAG.acknowledge) && segment.acknowledgement === this.#sender.next;
    if (isAnswer && hasFlag(segment, FLAG.reset)) {
      this.abandon();
    } else if (isAnswer && hasFlag(segment, FLAG.synchronize)) {
      this.#negotiate(segment);
      this.#sender.acknowledge(segment);
      this.#establish();
      this.#acknowledge();
    } else if (!isAnswer && !hasFlag(segment, FLAG.reset) && hasFlag(segment, FLAG.acknowledge)) {
      this.#sendReset(segment.acknowledgement);
    }
  }

  /** Section 3.10.7.4, with the challenges of RFC 5961. */
  #receiveSynchronized(segment: Segment, receiver: Receiver): void {
    if (hasFlag(segment, FLAG.reset)) {
      this.#receiveReset(segment, receiver);
      return;
    }
    if (this.#state === "syn-received" && isRepeatedOpening(segment, receiver)) {
      this.#sender.synchronize();
      return;
    }
    const length = segment.payload.length + (hasFlag(segment, FLAG.finish) ? 1 : 0);
    if (hasFlag(segment, FLAG.synchronize) || !receiver.isAcceptable(segment.sequence, length)) {
      this.#acknowledge();
      return;
    }
    if (!hasFlag(segment, FLAG.acknowledge) || !this.#takeAcknowledgement(segment)) {
      return;
    }
    this.#takeContent(segment, receiver);
    this.#settle();
  }

  /** Only one that fits exactly is believed; one that fits nearly is answered, so that a true one can follow. */
  #receiveReset(segment: Segment, receiver: Receiver): void {
    if (segment.sequence === receiver.next) {
      // A peer that has forgotten the connection after both ends (LAST-ACK, CLOSING) breaks nothing off.
      this.abandon(!(receiver.hasEnded && this.#sender.owesOnlyEnd));
    } else if (receiver.isAcceptable(segment.sequence, segment.payload.length)) {
      this.#acknowledge();
    }
  }

  /** @returns false where the segment goes no further */
  #takeAcknowledgement(segment: Segment): boolean {
    const isAnswer = this.#state !== "syn-received" || segment.acknowledgement === this.#sender.next;
    if (!isAnswer) {
      this.#sendReset(segment.acknowledgement);
      return false;
    }
    if (!this.#sender.acknowledge(segment)) {
      this.#acknowledge();
      return false;
    }
    if (this.#state === "syn-received") {
      this.#establish();
    }
    this.#schedulePump();
    return true;
  }

  #takeContent(segment: Segment, receiver: Receiver): void {
    const isFinish = hasFlag(segment, FLAG.finish);
    if (segment.payload.length === 0 && !isFinish) {
      return;
    }
    if (receiver.accept(segment.sequence, segment.payload, isFinish)) {
      this.#owesAcknowledgement = true;
      this.#schedulePump();
    } else {
      this.#acknowledge();
    }
  }

  /** Looks what has come to its end, or has room again. */
  #settle(): void {
    if (this.#isDrainWanted && this.#sender.hasRoom) {
      this.#isDrainWanted = false;
      this.#listener?.drain();
    }
    const isOver = this.#sender.isFinished && this.#receiver?.hasEnded === true;
    if (!isOver || this.#state !== "established") {
      return;
    }
    this.#acknowledge();
    this.#state = "time-wait";
    this.#tellClosed(false);
    if (this.#endedFirst) {
      const { clock } = this.#host;
      this.#cancelTimeWait = clock.schedule(clock.now() + TIME_WAIT, () => this.abandon());
    } else {
      this.abandon();
    }
  }

  #negotiate(synchronize: Segment): void {
    const isScaled = synchronize.windowShift !== undefined;
    this.#options = isScaled ? this.#options : { maximumSegmentSize: SEGMENT_PAYLOAD_MAX };
    this.#sender.negotiate(synchronize);
    const host = { data: (bytes: Uint8Array) => this.#listener?.data(bytes), end: () => this.#listener?.end() };
    this.#receiver = new Receiver(host, addSequence(synchronize.sequence, 1), isScaled);
    if (this.#listener !== undefined) {
      this.#receiver.release();
    }
  }

  #establish(): void {
    this.#state = "established";
    this.#host.established();
    this.#schedulePump();
  }

  /** Breaks it off, and tells the guest. */
  #fail(): void {
    if (this.#state !== "closed" && this.#state !== "time-wait") {
      this.#sendReset(this.#sender.next);
      this.abandon();
    }
  }

  #tellClosed(failed: boolean): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.close(failed);
  }

  /** Segments go out between two instructions of the guest: what came in a burst is acknowledged once. */
  #schedulePump(): void {
    if (this.#state === "closed") {
      return;
    }
    const { clock } = this.#host;
    this.#cancelPump ??= clock.schedule(clock.now(), () => {
      this.#cancelPump = undefined;
      this.#sender.pump();
      if (this.#owesAcknowledgement) {
        this.#acknowledge();
      }
    });
  }

  #acknowledge(): void {
    this.#send(this.#sender.next, 0, NOTHING);
  }

  #sendReset(sequence: number): void {
    if (this.#state !== "waiting") {
      this.#send(sequence, FLAG.reset, NOTHING);
    }
  }

  #send(sequence: number, flags: number, payload: Uint8Array): void {
    if (this.#state === "closed") {
      return;
    }
    const receiver = this.#receiver;
    const isSynchronize = (flags & FLAG.synchronize) !== 0;
    this.#owesAcknowledgement = false;
    this.#host.send({
      sequence,
      acknowledgement: receiver?.next ?? 0,
      flags: receiver === undefined ? flags : flags | FLAG.acknowledge,
      window: receiver === undefined || isSynchronize ? WINDOW_UNSCALED_MAX : receiver.window,
      payload,
      ...(isSynchronize ? this.#options : {}),
    });
  }
}

/** True where the guest's SYN came again: it did not get the answer. */
function isRepeatedOpening(segment: Segment, receiver: Receiver): boolean {
  return hasFlag(segment, FLAG.synchronize) && addSequence(segment.sequence, 1) === receiver.next;
}
