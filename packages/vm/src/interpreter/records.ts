import { DECODED } from "../memory/layout.ts";

/** Handlers that are no instruction. Instruction `n` of the description has handler `FIRST_INSTRUCTION + n`. */
export const HANDLER = { undecoded: 0, enterUnit: 1, pageEnd: 2 } as const;

/** Handler of the description's first instruction. */
export const FIRST_INSTRUCTION = 3;

/** Offsets of the fields of a decoded record. See DECODED. */
export const RECORD = {
  handler: 0,
  rd: 2,
  rs1: 4,
  rs2: 6,
  immediate: 8,
  rs3: 8,
  rounding: 10,
  counter: 12,
  step: 14,
} as const;

/** Bytes of a page's records, without the two at its end. */
export const PAGE_RECORDS_BYTES: number = 2048 * DECODED.recordBytes;

/** Where an instruction that reaches into the next page is decoded to, each time it runs; followed by two records of a page's end. */
export const STRADDLE_OFFSET = 0x440_0000;

/** How far that record is from where its page's records would begin. */
export const STRADDLE_DISTANCE = 0x7ff0;
