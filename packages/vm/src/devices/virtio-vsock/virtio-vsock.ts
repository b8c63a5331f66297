import type { DeviceState } from "../../bus/port.ts";
import { VmError } from "../../error.ts";
import type { ByteStream } from "../../network/port.ts";
import { toFeatures, type Chain, type Queue, type VirtioDevice, type VirtioHost } from "../virtio/port.ts";
import { SocketConnection } from "./connection.ts";
import {
  HOST_CONTEXT,
  OPERATION,
  PACKET_HEADER_BYTES,
  parsePacket,
  TYPE_STREAM,
  writePacket,
  type PacketHeader,
} from "./packet.ts";

/** Socket device (virtio 1.2, section 5.10): streams between host and guest that no network carries. */

const DEVICE_ID = 19;
const QUEUE = { receive: 0, transmit: 1, event: 2 } as const;
/** The event that tells the driver that all its connections are gone (section 5.10.6.7). */
const EVENT_TRANSPORT_RESET = 0;
const CONNECTIONS_MAX = 256;
/** Resets that wait for room at the driver's; beyond, they are dropped, and the guest finds out by its own timeout. */
const REFUSALS_MAX = 256;
/** Host ports of connections towards the guest begin here. */
const FIRST_DYNAMIC_PORT = 0x8000_0000;
/** Connections with something to say, those included that are over and only owe a reset. */
const READY_MAX = 2 * CONNECTIONS_MAX;
const NOTHING = new Uint8Array(0);

/** A socket device, with the host's side of it. */
export interface VirtioVsock extends VirtioDevice {
  /**
   * Takes connections of the guest's to a port of the host (context 2).
   * @param accept is given each; it listens to the stream before it returns
   * @returns takes no more
   */
  listen(port: number, accept: (stream: ByteStream) => void): () => void;
  /**
   * Takes connections of the guest's to ports that nobody listens to.
   * @param find gives who accepts at a port, as with `listen`; undefined: the guest is refused
   */
  listenElsewhere(find: (port: number) => ((stream: ByteStream) => void) | undefined): void;
  /** Connects to a port of the guest. @returns undefined where it refuses, or too many connections are open */
  connectGuest(port: number): Promise<ByteStream | undefined>;
}

/**
 * Makes a socket device.
 * @param guestContext the guest's number: 3 to 2^32-2
 * @throws VmError `option_invalid` where the number is reserved
 */
export function createVirtioVsock(guestContext: number): VirtioVsock {
  if (!Number.isInteger(guestContext) || guestContext <= HOST_CONTEXT || guestContext >= 0xffff_ffff) {
    throw new VmError("option_invalid", `A guest's context is 3 to 4294967294, not ${guestContext}.`);
  }
  return new Vsock(guestContext);
}

type Entry = {
  readonly connection: SocketConnection;
  readonly ports: { readonly host: number; readonly guest: number };
  readonly settle: (stream: ByteStream | undefined) => void;
};

class Vsock implements VirtioVsock {
  readonly deviceId = DEVICE_ID;
  readonly features = toFeatures([]);
  readonly queueCount = 3;
  readonly queueSize = 256;
  readonly config: Uint8Array = new Uint8Array(8);
  readonly #context: number;
  readonly #listeners = new Map<number, (stream: ByteStream) => void>();
  #elsewhere: (port: number) => ((stream: ByteStream) => void) | undefined = () => undefined;
  readonly #connections = new Map<string, Entry>();
  /** Those that may have something to send, in the order in which they said so. */
  readonly #ready = new Set<Entry>();
  #refusals: PacketHeader[] = [];
  #dynamicPort = 0;
  #owesReset = false;
  #isSending = false;
  #host: VirtioHost | undefined;

  constructor(context: number) {
    this.#context = context;
    new DataView(this.config.buffer).setUint32(0, context, true);
  }

  listen(port: number, accept: (stream: ByteStream) => void): () => void {
    this.#listeners.set(port, accept);
    return () => {
      this.#listeners.delete(port);
    };
  }

  listenElsewhere(find: (port: number) => ((stream: ByteStream) => void) | undefined): void {
    this.#elsewhere = find;
  }

  async connectGuest(guest: number): Promise<ByteStream | undefined> {
    if (this.#connections.size >= CONNECTIONS_MAX || this.#host?.driverReady !== true) {
      return undefined;
    }
    const host = FIRST_DYNAMIC_PORT + this.#dynamicPort;
    this.#dynamicPort = (this.#dynamicPort + 1) % 0x7fff_ffff;
    return await new Promise((resolve) => {
      this.#add({ host, guest }, OPERATION.request, resolve);
    });
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  notify(index: number): void {
    if (index === QUEUE.transmit) {
      const queue = this.#host?.queue(QUEUE.transmit);
      for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
        this.#receive(chain);
        queue?.push(chain, 0);
      }
    }
    this.#tellReset();
    this.#send();
  }

  reset(): void {
    this.#refusals = [];
    for (const { connection } of this.#connections.values()) {
      connection.close(true);
    }
    this.#ready.clear();
  }

  save(): DeviceState {
    return { owesReset: this.#owesReset };
  }

  /** Streams end with the machine that had them: the driver is told so. */
  restore(): void {
    this.reset();
    this.#owesReset = true;
    this.#tellReset();
  }

  #receive(chain: Chain): void {
    const packet = parsePacket(chain);
    if (packet === undefined || packet.header.sourceContext !== this.#context) {
      return;
    }
    const { header } = packet;
    const entry = this.#connections.get(keyOf(header.destinationPort, header.sourcePort));
    const isStream = header.type === TYPE_STREAM && header.destinationContext === HOST_CONTEXT;
    if (entry !== undefined && isStream) {
      this.#receiveKnown(entry, header, packet.payload);
    } else if (isStream && header.operation === OPERATION.request) {
      this.#accept(header);
    } else if (header.operation !== OPERATION.reset) {
      this.#refuse(header);
    }
  }

  #receiveKnown(entry: Entry, header: PacketHeader, payload: Uint8Array): void {
    const { connection } = entry;
    connection.updateCredit(header);
    switch (header.operation) {
      case OPERATION.response:
        if (connection.establish()) {
          entry.settle(connection);
        }
        break;
      case OPERATION.write:
        connection.receive(payload);
        break;
      case OPERATION.shutdown:
        connection.shutDown(header.flags);
        break;
      case OPERATION.creditRequest:
        connection.answerCreditRequest();
        break;
      case OPERATION.creditUpdate:
        break;
      case OPERATION.reset:
        connection.forget();
        break;
      default:
        connection.destroy();
    }
  }

  #accept(header: PacketHeader): void {
    const isFull = this.#connections.size >= CONNECTIONS_MAX || this.#ready.size >= READY_MAX;
    const accept = isFull ? undefined : this.#accepterAt(header.destinationPort);
    if (accept === undefined) {
      this.#refuse(header);
      return;
    }
    const ports = { host: header.destinationPort, guest: header.sourcePort };
    const connection = this.#add(ports, OPERATION.response, () => undefined);
    connection.updateCredit(header);
    accept(connection);
  }

  #accepterAt(port: number): ((stream: ByteStream) => void) | undefined {
    return this.#listeners.get(port) ?? this.#elsewhere(port);
  }

  #add(ports: Entry["ports"], first: number, settle: Entry["settle"]): SocketConnection {
    const key = keyOf(ports.host, ports.guest);
    let entry: Entry | undefined;
    const wake = (): void => {
      if (entry !== undefined) {
        this.#ready.add(entry);
        this.#send();
      }
    };
    const connection = new SocketConnection(
      {
        wake,
        closed: () => {
          this.#connections.delete(key);
          settle(undefined);
        },
      },
      first,
    );
    entry = { connection, ports, settle };
    this.#connections.set(key, entry);
    wake();
    return connection;
  }

  #refuse(header: PacketHeader): void {
    if (this.#refusals.length < REFUSALS_MAX) {
      this.#refusals.push({
        sourceContext: header.destinationContext,
        destinationContext: header.sourceContext,
        sourcePort: header.destinationPort,
        destinationPort: header.sourcePort,
        length: 0,
        type: header.type,
        operation: OPERATION.reset,
        flags: 0,
        bufferBytes: 0,
        forwarded: 0,
      });
    }
  }

  /** Sends as much as the driver has buffers for, a packet of each connection in turn. */
  #send(): void {
    const queue = this.#host?.queue(QUEUE.receive);
    if (this.#isSending || queue === undefined) {
      return;
    }
    // A listener that is told of room writes at once: that write must not start over in the midst of this one.
    this.#isSending = true;
    while (queue.available > 0 && (this.#refusals.length > 0 || this.#ready.size > 0)) {
      this.#sendOne(queue);
    }
    this.#isSending = false;
  }

  #sendOne(queue: Queue): void {
    const refusal = this.#refusals.shift();
    if (refusal !== undefined) {
      push(queue, refusal, NOTHING);
      return;
    }
    const [entry] = this.#ready;
    if (entry === undefined) {
      return;
    }
    this.#ready.delete(entry);
    const room = (queue.peek()?.writableBytes ?? 0) - PACKET_HEADER_BYTES;
    const packet = entry.connection.next(Math.max(0, room));
    if (packet !== undefined) {
      push(queue, this.#toHeader(entry, packet), packet.payload);
      entry.connection.told();
      this.#ready.add(entry);
    }
  }

  #toHeader(
    { connection, ports }: Entry,
    packet: { operation: number; flags: number; payload: Uint8Array },
  ): PacketHeader {
    return {
      sourceContext: HOST_CONTEXT,
      destinationContext: this.#context,
      sourcePort: ports.host,
      destinationPort: ports.guest,
      length: packet.payload.length,
      type: TYPE_STREAM,
      operation: packet.operation,
      flags: packet.flags,
      ...connection.credit,
    };
  }

  #tellReset(): void {
    const queue = this.#host?.queue(QUEUE.event);
    const chain = this.#owesReset ? queue?.pop() : undefined;
    if (chain !== undefined) {
      this.#owesReset = false;
      const event = new Uint8Array(4);
      new DataView(event.buffer).setUint32(0, EVENT_TRANSPORT_RESET, true);
      const [target] = chain.writable;
      const hasRoom = target !== undefined && target.length >= event.length;
      if (hasRoom) {
        target.set(event);
      }
      queue?.push(chain, hasRoom ? event.length : 0);
    }
  }
}

function push(queue: Queue, header: PacketHeader, payload: Uint8Array): void {
  const chain = queue.pop();
  if (chain !== undefined) {
    queue.push(chain, writePacket(chain, header, payload));
  }
}

function keyOf(hostPort: number, guestPort: number): string {
  return `${hostPort} ${guestPort}`;
}
