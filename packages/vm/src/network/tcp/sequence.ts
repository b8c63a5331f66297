/** Sequence numbers: unsigned 32 bits that wrap around (RFC 9293, section 3.4). */

/** The number so many further on. */
export function addSequence(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}

/** How far it is from one to the other, -2^31 to 2^31-1: negative where `to` comes first. */
export function sequenceDistance(from: number, to: number): number {
  return (to - from) | 0;
}
