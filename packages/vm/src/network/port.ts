/**
 * What the user-mode network asks of its host. The network itself opens nothing: where a guest may go, and what a name means, is decided
 * behind `Outbound`.
 *
 * Invariants:
 * N1. The guest is hostile, `Outbound` is trusted: frames are checked, streams are believed.
 * N2. What a guest makes the host remember is bounded: connections, bytes of each, questions and datagrams under way.
 */

/** Who is told what happens to a stream. No call comes from within `listen`. */
export interface StreamListener {
  /** Bytes came. They are the stream's again when it returns. */
  data(bytes: Uint8Array): void;
  /** The other side sends no more. It may go on to receive. */
  end(): void;
  /** There is room again, after a `write` that returned false. */
  drain(): void;
  /** Nothing more will happen; called once at most, and never after `destroy`. @param failed it broke off: bytes may be lost */
  close(failed: boolean): void;
}

/** Bytes in order, in two directions, each of which ends by itself. */
export interface ByteStream {
  /** Says who listens. Called once, before control returns to whoever made the stream: nothing is lost until then. */
  listen(listener: StreamListener): void;
  /**
   * Takes bytes, all of them; they are the caller's again when it returns. Without effect after `end` and `destroy`.
   * @returns false: enough for now; write on after `drain`
   */
  write(bytes: Uint8Array): boolean;
  /** Nothing more will be written. */
  end(): void;
  /** Breaks it off, in both directions. */
  destroy(): void;
  /** Asks the other side to wait. What is under way still comes, and is bounded. */
  pause(): void;
  /** Undoes `pause`. */
  resume(): void;
}

/** A place on the network. */
export type Endpoint = {
  /** IPv4 address, dotted, as the guest named it. The gateway's own address stands for the host: what that means is up to `Outbound`. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
};

/** The world behind the network. Each refusal is a rejected promise: the guest sees a refused connection, or a failed look-up. */
export interface Outbound {
  connectTcp(to: Endpoint): Promise<ByteStream>;
  /** @param name lower case, without a final dot @returns IPv4 addresses, dotted; none where there is no such name */
  resolve(name: string): Promise<readonly string[]>;
  /** Sends one datagram and gives the first one that comes back. Absent: UDP leads nowhere. */
  exchangeUdp?(to: Endpoint, bytes: Uint8Array): Promise<Uint8Array>;
}
