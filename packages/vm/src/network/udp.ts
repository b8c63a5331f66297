import { sumPseudoHeader, sumWords, toChecksum } from "./checksum.ts";
import { toView } from "./ethernet.ts";
import { IPV4_HEADER_BYTES, IPV4_PACKET_BYTES_MAX, PROTOCOL } from "./ipv4.ts";

/** User Datagram Protocol (RFC 768). */

/** Bytes of a header. */
export const UDP_HEADER_BYTES = 8;

/** Longest payload that fits the link. */
export const UDP_PAYLOAD_BYTES_MAX: number = IPV4_PACKET_BYTES_MAX - IPV4_HEADER_BYTES - UDP_HEADER_BYTES;

type Addresses = { readonly source: number; readonly destination: number };

/** A datagram that was taken apart. */
export type UdpDatagram = {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
};

/** Takes a datagram apart. @returns undefined where it is malformed or damaged */
export function parseDatagram(bytes: Uint8Array, addresses: Addresses): UdpDatagram | undefined {
  if (bytes.length < UDP_HEADER_BYTES) {
    return undefined;
  }
  const view = toView(bytes);
  const length = view.getUint16(4);
  if (length < UDP_HEADER_BYTES || length > bytes.length) {
    return undefined;
  }
  const datagram = bytes.subarray(0, length);
  if (view.getUint16(6) !== 0 && checksumOf(datagram, addresses) !== 0) {
    return undefined;
  }
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    payload: datagram.subarray(UDP_HEADER_BYTES),
  };
}

/** Makes a datagram. @param datagram its payload fits the link */
export function createDatagram(datagram: UdpDatagram, addresses: Addresses): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_BYTES + datagram.payload.length);
  const view = toView(bytes);
  view.setUint16(0, datagram.sourcePort);
  view.setUint16(2, datagram.destinationPort);
  view.setUint16(4, bytes.length);
  bytes.set(datagram.payload, UDP_HEADER_BYTES);
  // A computed 0 stays 0, which says that there is none. All ones, as RFC 768 has it, busybox's DHCP client takes for a wrong one.
  view.setUint16(6, checksumOf(bytes, addresses));
  return bytes;
}

function checksumOf(bytes: Uint8Array, addresses: Addresses): number {
  return toChecksum(sumWords(bytes, sumPseudoHeader(addresses, PROTOCOL.udp, bytes.length)));
}
