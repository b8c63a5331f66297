import { RAM_BASE } from "../memory/layout.ts";

/** Where the runner's table of programs is: their number, then the address of each one's block. */
export const PROGRAM_TABLE: number = RAM_BASE + 0x1_0000;

/** First program, and bytes from one to the next. */
export const FIRST_PROGRAM: number = RAM_BASE + 0x2_0000;
export const PROGRAM_BYTES = 0x1_8000;

/** A jump here ends a program. */
export const FINISH: number = RAM_BASE + 8;

/** How many traps are shown one by one. */
export const LOGGED_TRAPS = 14;

/**
 * A program's block, from its first address. Its first fields are the runner's: entry, first address of scratch memory, number and hash
 * of the traps, four saved registers, privilege (0 U, 1 S, 3 M).
 */
export const BLOCK = {
  entry: 0,
  scratch: 8,
  trapCount: 16,
  trapHash: 24,
  saved: 32,
  privilege: 64,
  /** What x0 to x31 and f0 to f31 begin with. */
  registers: 0x80,
  /**
   * What is written to the serial port: x0 to x31, f0 to f31, fcsr, hash of the scratch memory, number and hash of the traps; cause, value
   * and address of the first ones.
   */
  result: 0x280,
  /** 68 of 8 bytes, and 14 logged traps of 24. */
  resultBytes: 880,
  trapLog: 0x4a0,
  /** 64 constants. */
  pool: 0x600,
  scratchStart: 0x1000,
  scratchBytes: 0x2000,
  stackTop: 0x5f00,
  code: 0x6000,
} as const;

/** Names of the doublewords of a result. */
export const RESULT_NAMES: readonly string[] = [
  ...Array.from({ length: 32 }, (_, index) => `x${index}`),
  ...Array.from({ length: 32 }, (_, index) => `f${index}`),
  "fcsr",
  "scratch",
  "traps",
  "trap hash",
  ...Array.from({ length: LOGGED_TRAPS }, (_, index) =>
    ["cause", "value", "address"].map((part) => `${part} of trap ${index}`),
  ).flat(),
];

/** Registers with a meaning of their own: streams read them, and write none of them but as their meaning asks. */
export const ROLE = {
  link: 1,
  stack: 2,
  pool: 3,
  /** Middle of the first scratch page. */
  scratch: 8,
  /** Boundary between the two scratch pages. */
  boundary: 9,
  /** How deep a recursion still goes. */
  recursion: 28,
  /** Where a jump out of nested calls leads. */
  escape: 29,
  /** An address just made; where to go on after a jump that faults. */
  address: 30,
  block: 31,
} as const;

/** Addresses at which the board has nothing: the pool's last constants. */
export const BAD_ADDRESSES: readonly bigint[] = [0x9000_0000n, 0x1800_0000n, 0xc000_0008n, 0x9000_0ff8n];
