import { gatherBytes, scatterBytes } from "../virtio/buffers.ts";
import type { Chain } from "../virtio/port.ts";

/** Packets of the socket device (virtio 1.2, section 5.10.6). */

/** Bytes of a packet's header. */
export const PACKET_HEADER_BYTES = 44;

/** Context of the host. */
export const HOST_CONTEXT = 2;

/** Streams; the device offers no other type. */
export const TYPE_STREAM = 1;

/** What a packet does. */
export const OPERATION = {
  request: 1,
  response: 2,
  reset: 3,
  shutdown: 4,
  write: 5,
  creditUpdate: 6,
  creditRequest: 7,
} as const;

/** What the sender of a shutdown does no more. */
export const SHUTDOWN = { receive: 1, send: 2 } as const;

/** A packet's header. Contexts are below 2^32. */
export type PacketHeader = {
  readonly sourceContext: number;
  readonly destinationContext: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
  readonly type: number;
  readonly operation: number;
  readonly flags: number;
  /** The sender's room in all, and how many bytes it has passed on since the beginning: both modulo 2^32. */
  readonly bufferBytes: number;
  readonly forwarded: number;
};

/** Reads the packet that a driver sent. @returns undefined where the header or its payload is cut short */
export function parsePacket(chain: Chain): { readonly header: PacketHeader; readonly payload: Uint8Array } | undefined {
  const bytes = gatherBytes(chain.readable, 0, PACKET_HEADER_BYTES);
  if (bytes.length < PACKET_HEADER_BYTES) {
    return undefined;
  }
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(24, true);
  const isShort = length > chain.readableBytes - PACKET_HEADER_BYTES;
  if (isShort || view.getUint32(4, true) !== 0 || view.getUint32(12, true) !== 0) {
    return undefined;
  }
  return {
    header: {
      sourceContext: view.getUint32(0, true),
      destinationContext: view.getUint32(8, true),
      sourcePort: view.getUint32(16, true),
      destinationPort: view.getUint32(20, true),
      length,
      type: view.getUint16(28, true),
      operation: view.getUint16(30, true),
      flags: view.getUint32(32, true),
      bufferBytes: view.getUint32(36, true),
      forwarded: view.getUint32(40, true),
    },
    payload: gatherBytes(chain.readable, PACKET_HEADER_BYTES, length),
  };
}

/** Writes a packet for the driver. @returns bytes written */
export function writePacket(chain: Chain, header: PacketHeader, payload: Uint8Array): number {
  const bytes = new Uint8Array(PACKET_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.sourceContext, true);
  view.setUint32(8, header.destinationContext, true);
  view.setUint32(16, header.sourcePort, true);
  view.setUint32(20, header.destinationPort, true);
  view.setUint32(24, header.length, true);
  view.setUint16(28, header.type, true);
  view.setUint16(30, header.operation, true);
  view.setUint32(32, header.flags, true);
  view.setUint32(36, header.bufferBytes, true);
  view.setUint32(40, header.forwarded, true);
  return scatterBytes(chain.writable, 0, bytes) + scatterBytes(chain.writable, PACKET_HEADER_BYTES, payload);
}
