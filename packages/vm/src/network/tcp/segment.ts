import { sumPseudoHeader, sumWords, toChecksum } from "../checksum.ts";
import { toView } from "../ethernet.ts";
import { PROTOCOL } from "../ipv4.ts";

/** Segments of the Transmission Control Protocol (RFC 9293, section 3.1). */

/** Control bits. */
export const FLAG = { finish: 0x01, synchronize: 0x02, reset: 0x04, push: 0x08, acknowledge: 0x10 } as const;

/** Payload of a segment that fills the link: 1500 bytes without the headers of IPv4 and TCP. */
export const SEGMENT_PAYLOAD_MAX = 1460;

/** What a peer takes that names no size (section 3.7.1). */
export const SEGMENT_PAYLOAD_DEFAULT = 536;

const HEADER_BYTES = 20;
const FLAGS_MASK = 0x17;
const OPTION = { end: 0, nothing: 1, maximumSegmentSize: 2, windowScale: 3 } as const;
/** Larger shifts are read as this one (RFC 7323, section 2.3). */
const WINDOW_SHIFT_MAX = 14;

type Addresses = { readonly source: number; readonly destination: number };

/** What a SYN negotiates. */
export type SegmentOptions = { readonly maximumSegmentSize?: number; readonly windowShift?: number };

/** A segment. */
export type Segment = SegmentOptions & {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** Of FLAG. */
  readonly flags: number;
  /** As it stands in the header, unscaled. */
  readonly window: number;
  readonly payload: Uint8Array;
};

/** True where a segment carries a control bit. */
export function hasFlag(segment: Segment, flag: number): boolean {
  return (segment.flags & flag) !== 0;
}

/** Takes a segment apart; its payload is a view. @returns undefined where it is malformed or damaged */
export function parseSegment(bytes: Uint8Array, addresses: Addresses): Segment | undefined {
  if (bytes.length < HEADER_BYTES) {
    return undefined;
  }
  const view = toView(bytes);
  const headerBytes = (view.getUint8(12) >> 4) * 4;
  if (headerBytes < HEADER_BYTES || headerBytes > bytes.length || checksumOf(bytes, addresses) !== 0) {
    return undefined;
  }
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgement: view.getUint32(8),
    flags: view.getUint8(13) & FLAGS_MASK,
    window: view.getUint16(14),
    payload: bytes.subarray(headerBytes),
    ...parseOptions(bytes.subarray(HEADER_BYTES, headerBytes)),
  };
}

/** Writes a segment with its checksum. @param bytes as many as `segmentBytes` says */
export function writeSegment(bytes: Uint8Array, segment: Segment, addresses: Addresses): void {
  const view = toView(bytes);
  const headerBytes = bytes.length - segment.payload.length;
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgement);
  view.setUint8(12, (headerBytes / 4) << 4);
  view.setUint8(13, segment.flags);
  view.setUint16(14, segment.window);
  view.setUint32(16, 0);
  bytes.set(createOptions(segment), HEADER_BYTES);
  bytes.set(segment.payload, headerBytes);
  view.setUint16(16, checksumOf(bytes, addresses));
}

/** Bytes of a segment with its header. */
export function segmentBytes(segment: Segment): number {
  return HEADER_BYTES + createOptions(segment).length + segment.payload.length;
}

function createOptions({ maximumSegmentSize, windowShift }: SegmentOptions): readonly number[] {
  const size =
    maximumSegmentSize === undefined
      ? []
      : [OPTION.maximumSegmentSize, 4, maximumSegmentSize >> 8, maximumSegmentSize & 0xff];
  return windowShift === undefined ? size : [...size, OPTION.nothing, OPTION.windowScale, 3, windowShift];
}

function parseOptions(bytes: Uint8Array): SegmentOptions {
  const options: { maximumSegmentSize?: number; windowShift?: number } = {};
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== OPTION.end) {
    const length = bytes[offset] === OPTION.nothing ? 1 : (bytes[offset + 1] ?? 0);
    if (length === 0 || offset + length > bytes.length) {
      break;
    }
    const option = bytes.subarray(offset, offset + length);
    if (option[0] === OPTION.maximumSegmentSize && length === 4) {
      options.maximumSegmentSize = toView(option).getUint16(2);
    } else if (option[0] === OPTION.windowScale && length === 3) {
      options.windowShift = Math.min(toView(option).getUint8(2), WINDOW_SHIFT_MAX);
    }
    offset += length;
  }
  return options;
}

function checksumOf(bytes: Uint8Array, addresses: Addresses): number {
  return toChecksum(sumWords(bytes, sumPseudoHeader(addresses, PROTOCOL.tcp, bytes.length)));
}
