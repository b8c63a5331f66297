import type { Clock } from "../../bus/port.ts";
import { describeAddress, PROTOCOL, type Ipv4Header, type Ipv4Packet } from "../ipv4.ts";
import { joinStreams } from "../join-streams.ts";
import type { ByteStream, Outbound } from "../port.ts";
import { TcpConnection } from "./connection.ts";
import { FLAG, hasFlag, parseSegment, segmentBytes, writeSegment, type Segment } from "./segment.ts";
import { addSequence } from "./sequence.ts";

/** Ports that connections towards the guest come from (RFC 6335, section 6). */
const DYNAMIC_PORTS = { first: 49_152, count: 16_384 } as const;

/** A new connection's numbers begin where the clock stands, in steps of 4 µs (RFC 9293, section 3.4.1). */
const SEQUENCE_STEP_NS = 4000;

const NOTHING = new Uint8Array(0);

/** What TCP needs of the network around it. */
export type TransportHost = {
  readonly clock: Clock;
  readonly outbound: Pick<Outbound, "connectTcp">;
  /** Address that connections towards the guest come from. */
  readonly gateway: number;
  readonly guest: number;
  readonly connectionsMax: number;
  /** Makes a packet to the guest and sends it. @param write fills its payload */
  readonly sendPacket: (header: Ipv4Header, length: number, write: (payload: Uint8Array) => void) => void;
};

/** One end of a connection here, the other in the guest. */
type Ends = { readonly address: number; readonly port: number; readonly guestPort: number };

/** The guest's TCP connections, and the streams behind them. */
export class TcpTransport {
  readonly #host: TransportHost;
  readonly #connections = new Map<string, TcpConnection>();
  #dynamicPort = 0;

  constructor(host: TransportHost) {
    this.#host = host;
  }

  /** Takes a packet of the guest's. */
  receive(packet: Ipv4Packet): void {
    const segment = parseSegment(packet.payload, packet);
    if (segment === undefined || segment.sourcePort === 0 || segment.destinationPort === 0) {
      return;
    }
    const ends = { address: packet.destination, port: segment.destinationPort, guestPort: segment.sourcePort };
    const connection = this.#connections.get(keyOf(ends));
    const isOpening = hasFlag(segment, FLAG.synchronize) && !hasFlag(segment, FLAG.acknowledge | FLAG.reset);
    if (isOpening && connection?.isReopenedBy(segment) === true) {
      connection.abandon();
      this.#receiveUnknown(ends, segment);
    } else if (connection === undefined) {
      this.#receiveUnknown(ends, segment);
    } else {
      connection.receive(segment);
    }
  }

  /**
   * Connects to a port of the guest.
   * @returns undefined where the guest refuses, or too many connections are open
   */
  async connectGuest(guestPort: number): Promise<ByteStream | undefined> {
    const port = this.#freePort(guestPort);
    if (port === undefined || !this.#makeRoom()) {
      return undefined;
    }
    const ends = { address: this.#host.gateway, port, guestPort };
    return await new Promise((resolve) => {
      const connection: TcpConnection = this.#create(ends, {
        established: () => resolve(connection),
        closed: () => resolve(undefined),
      });
      connection.open();
    });
  }

  /** Forgets all connections: the guest that had them is gone. */
  reset(): void {
    for (const connection of this.#connections.values()) {
      connection.abandon();
    }
  }

  #receiveUnknown(ends: Ends, segment: Segment): void {
    const isOpening = hasFlag(segment, FLAG.synchronize) && !hasFlag(segment, FLAG.acknowledge | FLAG.reset);
    if (isOpening && this.#makeRoom()) {
      void this.#connectWorld(ends, { ...segment, payload: NOTHING });
    } else if (!hasFlag(segment, FLAG.reset)) {
      this.#refuse(ends, segment);
    }
  }

  /** The guest's SYN is answered once the world's answer is known: it sees a refusal as a refusal. */
  async #connectWorld(ends: Ends, synchronize: Segment): Promise<void> {
    let isAwaited = true;
    const connection = this.#create(ends, {
      established: () => undefined,
      closed: () => {
        isAwaited = false;
      },
    });
    const stream = await this.#connect(ends);
    if (!isAwaited) {
      stream?.destroy();
    } else if (stream === undefined) {
      connection.abandon();
      this.#refuse(ends, synchronize);
    } else {
      joinStreams(stream, connection);
      connection.accept(synchronize);
    }
  }

  async #connect({ address, port }: Ends): Promise<ByteStream | undefined> {
    try {
      return await this.#host.outbound.connectTcp({ host: describeAddress(address), port });
    } catch {
      // Whatever the reason, all that the guest is told is that nobody listens there.
      return undefined;
    }
  }

  #create(ends: Ends, { established, closed }: { established: () => void; closed: () => void }): TcpConnection {
    const { clock } = this.#host;
    const key = keyOf(ends);
    const connection: TcpConnection = new TcpConnection({
      clock,
      initialSequence: Math.floor(clock.now() / SEQUENCE_STEP_NS) >>> 0,
      send: (segment) => this.#send(ends, { ...segment, sourcePort: ends.port, destinationPort: ends.guestPort }),
      established,
      closed: () => {
        if (this.#connections.get(key) === connection) {
          this.#connections.delete(key);
        }
        closed();
      },
    });
    this.#connections.set(key, connection);
    return connection;
  }

  /** Section 3.10.7.1: what belongs to no connection is answered by a reset. */
  #refuse(ends: Ends, segment: Segment): void {
    const isAcknowledgement = hasFlag(segment, FLAG.acknowledge);
    const control = hasFlag(segment, FLAG.synchronize) || hasFlag(segment, FLAG.finish) ? 1 : 0;
    this.#send(ends, {
      sourcePort: ends.port,
      destinationPort: ends.guestPort,
      sequence: isAcknowledgement ? segment.acknowledgement : 0,
      acknowledgement: isAcknowledgement ? 0 : addSequence(segment.sequence, segment.payload.length + control),
      flags: isAcknowledgement ? FLAG.reset : FLAG.reset | FLAG.acknowledge,
      window: 0,
      payload: NOTHING,
    });
  }

  #send({ address }: Ends, segment: Segment): void {
    const header = { source: address, destination: this.#host.guest, protocol: PROTOCOL.tcp };
    this.#host.sendPacket(header, segmentBytes(segment), (bytes) => writeSegment(bytes, segment, header));
  }

  /** @returns false where no connection can be added: those that only linger make room */
  #makeRoom(): boolean {
    if (this.#connections.size < this.#host.connectionsMax) {
      return true;
    }
    const lingering = [...this.#connections.values()].find(({ isLingering }) => isLingering);
    lingering?.abandon();
    return lingering !== undefined;
  }

  #freePort(guestPort: number): number | undefined {
    for (let tries = 0; tries < DYNAMIC_PORTS.count; tries += 1) {
      const port = DYNAMIC_PORTS.first + this.#dynamicPort;
      this.#dynamicPort = (this.#dynamicPort + 1) % DYNAMIC_PORTS.count;
      if (!this.#connections.has(keyOf({ address: this.#host.gateway, port, guestPort }))) {
        return port;
      }
    }
    return undefined;
  }
}

function keyOf({ address, port, guestPort }: Ends): string {
  return `${address} ${port} ${guestPort}`;
}
