/** Ethernet II frames (IEEE 802.3, clause 3), without preamble and checksum. */

/** Bytes before a frame's payload. */
export const ETHERNET_HEADER_BYTES = 14;

/** Longest frame: header and 1500 bytes. */
export const FRAME_BYTES_MAX = 1514;

/** Kinds of payload (IANA, ieee-802-numbers). */
export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806 } as const;

/** Everyone's hardware address. */
export const BROADCAST_HARDWARE: Uint8Array = new Uint8Array(6).fill(0xff);

/** A frame that was taken apart; its views are into the frame. */
export type EthernetFrame = {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly type: number;
  readonly payload: Uint8Array;
};

/** Takes a frame apart. @returns undefined where it is shorter than its header or longer than any frame */
export function parseFrame(frame: Uint8Array): EthernetFrame | undefined {
  if (frame.length < ETHERNET_HEADER_BYTES || frame.length > FRAME_BYTES_MAX) {
    return undefined;
  }
  return {
    destination: frame.subarray(0, 6),
    source: frame.subarray(6, 12),
    type: toView(frame).getUint16(12),
    payload: frame.subarray(ETHERNET_HEADER_BYTES),
  };
}

/** Writes a frame's header. @param frame at least 14 bytes */
export function writeFrameHeader(frame: Uint8Array, header: Omit<EthernetFrame, "payload">): void {
  frame.set(header.destination, 0);
  frame.set(header.source, 6);
  toView(frame).setUint16(12, header.type);
}

/** True where a hardware address names one interface, not a group (IEEE 802, section 8.2). */
export function isUnicastHardware(address: Uint8Array): boolean {
  return address.length === 6 && (toView(address).getUint8(0) & 1) === 0 && address.some((byte) => byte !== 0);
}

/** True where two byte strings are the same. */
export function isSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A view of the same bytes, to read and write numbers. Networks are big-endian: so is `DataView` unless told. */
export function toView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
