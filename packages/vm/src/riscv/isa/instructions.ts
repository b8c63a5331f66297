import { ATOMIC } from "./atomic.ts";
import { BIT_MANIPULATION } from "./bit-manipulation.ts";
import { CARRYLESS_MULTIPLY } from "./carryless-multiply.ts";
import { CSR } from "./csr.ts";
import { FLOATING } from "./float.ts";
import type { Instruction } from "./instruction.ts";
import { INTEGER } from "./integer.ts";
import { MULTIPLY } from "./multiply.ts";
import { ILLEGAL, PRIVILEGED } from "./privileged.ts";

/** Index of what is no instruction. */
export const ILLEGAL_INDEX = 0;

/**
 * All instructions, in an order that is part of what a code cache keeps. Where two fit the same bits, the first counts: rows for
 * special operands stand before the general ones.
 */
export const INSTRUCTIONS: readonly Instruction[] = [
  ILLEGAL,
  ...INTEGER,
  ...MULTIPLY,
  ...ATOMIC,
  ...CSR,
  ...PRIVILEGED,
  ...FLOATING,
  ...BIT_MANIPULATION,
  ...CARRYLESS_MULTIPLY,
];

/** The instruction of an index, as decoders give it. What is none is illegal. */
export function instructionAt(index: number): Instruction {
  return INSTRUCTIONS[index] ?? ILLEGAL;
}
