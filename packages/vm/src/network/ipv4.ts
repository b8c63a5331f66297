import { sumWords, toChecksum } from "./checksum.ts";
import { toView } from "./ethernet.ts";

/** Internet Protocol, version 4 (RFC 791). Fragments are not put together: a link of 1500 bytes to the next hop makes none. */

/** Bytes of a header without options. */
export const IPV4_HEADER_BYTES = 20;

/** Longest packet of the link. */
export const IPV4_PACKET_BYTES_MAX = 1500;

/** Protocols above (IANA, protocol-numbers). */
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

/** Everyone on the link. */
export const BROADCAST_ADDRESS = 0xffffffff;

const TIME_TO_LIVE = 64;
const DO_NOT_FRAGMENT = 0x4000;
const FRAGMENT_MASK = 0xbfff;

/** Where a packet comes from and goes to. Addresses are unsigned 32 bits, the first octet uppermost. */
export type Ipv4Header = { readonly source: number; readonly destination: number; readonly protocol: number };

/** A packet that was taken apart; its views are into it. */
export type Ipv4Packet = Ipv4Header & {
  readonly payload: Uint8Array;
  /** Header and payload, without what Ethernet filled up. */
  readonly bytes: Uint8Array;
};

/** Takes a packet apart. @returns undefined where it is malformed, damaged or a fragment */
export function parsePacket(bytes: Uint8Array): Ipv4Packet | undefined {
  if (bytes.length < IPV4_HEADER_BYTES) {
    return undefined;
  }
  const view = toView(bytes);
  const headerBytes = (view.getUint8(0) & 0xf) * 4;
  const totalBytes = view.getUint16(2);
  const isSound = view.getUint8(0) >> 4 === 4 && headerBytes >= IPV4_HEADER_BYTES && headerBytes <= totalBytes;
  if (!isSound || totalBytes > bytes.length || (view.getUint16(6) & FRAGMENT_MASK) !== 0) {
    return undefined;
  }
  if (toChecksum(sumWords(bytes.subarray(0, headerBytes))) !== 0) {
    return undefined;
  }
  return {
    source: view.getUint32(12),
    destination: view.getUint32(16),
    protocol: view.getUint8(9),
    payload: bytes.subarray(headerBytes, totalBytes),
    bytes: bytes.subarray(0, totalBytes),
  };
}

/** Writes a header with its checksum. @param packet header and payload; the header is overwritten */
export function writePacketHeader(packet: Uint8Array, header: Ipv4Header): void {
  const view = toView(packet);
  packet.fill(0, 0, IPV4_HEADER_BYTES);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint16(6, DO_NOT_FRAGMENT);
  view.setUint8(8, TIME_TO_LIVE);
  view.setUint8(9, header.protocol);
  view.setUint32(12, header.source);
  view.setUint32(16, header.destination);
  view.setUint16(10, toChecksum(sumWords(packet.subarray(0, IPV4_HEADER_BYTES))));
}

/** An address as people write it: `10.0.2.15`. */
export function describeAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** An address from its dotted form. @returns undefined where it is none */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/u.exec(text);
  const octets = match?.slice(1).map(Number);
  if (octets === undefined || octets.some((octet) => octet > 255)) {
    return undefined;
  }
  return octets.reduce((address, octet) => address * 256 + octet, 0);
}
