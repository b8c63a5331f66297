/** Bytes of a checksum. */
export const CHECKSUM_BYTES = 16;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * MurmurHash3 in its 128-bit variant for 32-bit machines (Austin Appleby's SMHasher, MurmurHash3_x86_128). It finds every damage that lies
 * within one aligned word, because each step is a bijection, and any other with probability 1 - 2^-128; it runs at several times the
 * speed that SHA-256 reaches in TypeScript, and at once, which Web Crypto doesn't. It is no defence against somebody who may write
 * the bytes: they could write the checksum, too, whatever its kind.
 * @param seed 0 to 2^32 - 1
 * @returns CHECKSUM_BYTES bytes
 */
export function checksum(bytes: Uint8Array, seed = 0): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let h1 = seed;
  let h2 = seed;
  let h3 = seed;
  let h4 = seed;
  const whole = bytes.length - (bytes.length % 16);
  for (let at = 0; at < whole; at += 16) {
    h1 ^= scramble(view.getInt32(at, true), C1, 15, C2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble(view.getInt32(at + 4, true), C2, 16, C3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble(view.getInt32(at + 8, true), C3, 17, C4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble(view.getInt32(at + 12, true), C4, 18, C1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  const rest = new Uint8Array(16);
  rest.set(bytes.subarray(whole));
  const tail = new DataView(rest.buffer);
  return finish(bytes.length, [
    h1 ^ scramble(tail.getInt32(0, true), C1, 15, C2),
    h2 ^ scramble(tail.getInt32(4, true), C2, 16, C3),
    h3 ^ scramble(tail.getInt32(8, true), C3, 17, C4),
    h4 ^ scramble(tail.getInt32(12, true), C4, 18, C1),
  ]);
}

/** A checksum in hexadecimal digits. */
export function toHexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

function scramble(word: number, before: number, count: number, after: number): number {
  return Math.imul(rotate(Math.imul(word, before), count), after);
}

function finish(length: number, state: readonly number[]): Uint8Array<ArrayBuffer> {
  const mixed = addEachOther(addEachOther(state.map((word) => word ^ length)).map(avalanche));
  const result = new Uint8Array(CHECKSUM_BYTES);
  const view = new DataView(result.buffer);
  mixed.forEach((word, index) => view.setInt32(index * 4, word, true));
  return result;
}

/** The first word takes in all others, then each other takes in the first. */
function addEachOther(words: readonly number[]): readonly number[] {
  const sum = words.reduce((total, word) => (total + word) | 0, 0);
  return words.map((word, index) => (index === 0 ? sum : (word + sum) | 0));
}

function avalanche(word: number): number {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
