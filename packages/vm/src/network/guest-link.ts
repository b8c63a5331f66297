import { GATEWAY_HARDWARE, isServer, USER_NETWORK } from "./addresses.ts";
import { ARP_BYTES, ARP_OPERATION, parseArp, writeArp } from "./arp.ts";
import {
  BROADCAST_HARDWARE,
  ETHERNET_HEADER_BYTES,
  ETHER_TYPE,
  isSameBytes,
  writeFrameHeader,
  type EthernetFrame,
} from "./ethernet.ts";
import { IPV4_HEADER_BYTES, writePacketHeader, type Ipv4Header } from "./ipv4.ts";

/** Packets that wait until the guest has said its hardware address. */
const WAITING_FRAMES_MAX = 16;

/** Fills a packet's payload. */
export type PayloadWriter = (payload: Uint8Array) => void;

/** The way to the guest: makes frames of packets, and finds out its hardware address. */
export class GuestLink {
  readonly #transmit: (frame: Uint8Array) => void;
  #guestHardware: Uint8Array | undefined;
  #waiting: Uint8Array[] = [];

  /** @param transmit puts a frame on the cable */
  constructor(transmit: (frame: Uint8Array) => void) {
    this.#transmit = transmit;
  }

  /** Takes an ARP message of the guest's. */
  receiveArp(frame: EthernetFrame): void {
    const message = parseArp(frame.payload);
    if (message === undefined) {
      return;
    }
    if (message.senderAddress === USER_NETWORK.guest && isSameBytes(message.senderHardware, frame.source)) {
      this.learn(frame.source);
    }
    if (message.operation === ARP_OPERATION.request && isServer(message.targetAddress)) {
      const target = { address: message.senderAddress, hardware: frame.source.slice() };
      this.#sendArp(ARP_OPERATION.reply, message.targetAddress, target);
    }
  }

  /** The guest's address belongs to this hardware; what waited for that is sent. */
  learn(hardware: Uint8Array): void {
    if (this.#guestHardware !== undefined && isSameBytes(this.#guestHardware, hardware)) {
      return;
    }
    this.#guestHardware = hardware.slice();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const frame of waiting) {
      this.#deliver(frame, this.#guestHardware);
    }
  }

  /** Forgets who the guest was. */
  reset(): void {
    this.#guestHardware = undefined;
    this.#waiting = [];
  }

  /** Sends a packet to the guest's address. */
  send(header: Ipv4Header, length: number, write: PayloadWriter): void {
    const frame = createFrame(header, length, write);
    if (this.#guestHardware !== undefined) {
      this.#deliver(frame, this.#guestHardware);
      return;
    }
    if (this.#waiting.length < WAITING_FRAMES_MAX) {
      this.#waiting.push(frame);
    }
    const target = { address: USER_NETWORK.guest, hardware: BROADCAST_HARDWARE };
    this.#sendArp(ARP_OPERATION.request, USER_NETWORK.gateway, target);
  }

  /** Sends a packet, whose payload is there already, to the guest's address. */
  sendPayload(header: Ipv4Header, bytes: Uint8Array): void {
    this.send(header, bytes.length, (payload) => payload.set(bytes));
  }

  /** Sends a packet to some hardware, whatever the guest's address. */
  sendTo(hardware: Uint8Array, header: Ipv4Header, bytes: Uint8Array): void {
    const frame = createFrame(header, bytes.length, (payload) => payload.set(bytes));
    this.#deliver(frame, hardware);
  }

  #sendArp(
    operation: number,
    senderAddress: number,
    target: { readonly address: number; readonly hardware: Uint8Array },
  ): void {
    const frame = new Uint8Array(ETHERNET_HEADER_BYTES + ARP_BYTES);
    writeFrameHeader(frame, { destination: target.hardware, source: GATEWAY_HARDWARE, type: ETHER_TYPE.arp });
    writeArp(frame.subarray(ETHERNET_HEADER_BYTES), {
      operation,
      senderHardware: GATEWAY_HARDWARE,
      senderAddress,
      targetHardware: operation === ARP_OPERATION.request ? new Uint8Array(6) : target.hardware,
      targetAddress: target.address,
    });
    this.#transmit(frame);
  }

  #deliver(frame: Uint8Array, destination: Uint8Array): void {
    writeFrameHeader(frame, { destination, source: GATEWAY_HARDWARE, type: ETHER_TYPE.ipv4 });
    this.#transmit(frame);
  }
}

/** A frame with a packet; its Ethernet header is still to be written. */
function createFrame(header: Ipv4Header, length: number, write: PayloadWriter): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + length);
  write(frame.subarray(ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES));
  writePacketHeader(frame.subarray(ETHERNET_HEADER_BYTES), header);
  return frame;
}
