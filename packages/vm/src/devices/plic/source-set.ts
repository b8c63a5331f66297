/** Sources of a PLIC, source 0 ("none") included. */
export const SOURCE_COUNT = 96;

/** 32-bit words that hold a bit for each source. */
export const SOURCE_WORDS: number = SOURCE_COUNT / 32;

/** Bytes of a saved set. */
export const SOURCE_SET_BYTES: number = SOURCE_COUNT / 8;

/** A set of interrupt sources, seen through the words that the guest sees. */
export interface SourceSet {
  has(source: number): boolean;
  set(source: number, isIn: boolean): void;
  /** @param index 0 to SOURCE_WORDS - 1 @returns source 32 * index in bit 0; unsigned */
  word(index: number): number;
  setWord(index: number, value: number): void;
  bytes(): Uint8Array<ArrayBuffer>;
  /** Takes over a set that `bytes` returned; an empty one without it. */
  fill(bytes?: Uint8Array): void;
}

/** Makes an empty set. */
export function createSourceSet(): SourceSet {
  const members = new Uint8Array(SOURCE_SET_BYTES);
  const words = new DataView(members.buffer);
  const word = (index: number): number => words.getUint32(index * 4, true);
  return {
    word,
    setWord: (index, value) => words.setUint32(index * 4, value, true),
    has: (source) => ((word(source >>> 5) >>> (source & 31)) & 1) === 1,
    set(source, isIn) {
      const index = source >>> 5;
      const bit = 1 << (source & 31);
      words.setUint32(index * 4, isIn ? word(index) | bit : word(index) & ~bit, true);
    },
    bytes: () => members.slice(),
    fill(bytes) {
      if (bytes === undefined) members.fill(0);
      else members.set(bytes);
    },
  };
}
