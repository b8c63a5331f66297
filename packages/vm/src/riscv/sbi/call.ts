import { registerOffset } from "../../memory/layout.ts";
import type { GuestMemory } from "../../memory/physical-memory.ts";
import type { HartState } from "../hart/hart-state.ts";
import type { InterruptUnit } from "../hart/interrupts.ts";
import type { TranslationFence } from "../hart/translation-fence.ts";
import type { SbiServices } from "./port.ts";

/** Errors (RISC-V SBI Specification 2.0, table 1). */
export const SBI_ERROR = {
  failed: -1,
  notSupported: -2,
  invalidParameter: -3,
  alreadyAvailable: -6,
} as const;

/** What a call gives back: an error, or a value (32 bits, sign-extended). */
export type SbiResult = { readonly error: number } | { readonly value: number };

/** Nothing to give back, and no error. */
export const SBI_SUCCESS: SbiResult = { value: 0 };

/** What calls reach. */
export type SbiContext = {
  readonly state: HartState;
  readonly services: SbiServices;
  readonly physical: GuestMemory;
  readonly interrupts: InterruptUnit;
  readonly fence: TranslationFence;
};

/** A group of calls: its number (EID), and its functions by their number (FID). */
export type SbiExtension = {
  readonly id: number;
  readonly functions: readonly ((context: SbiContext) => SbiResult)[];
};

const FIRST_ARGUMENT = 10;
const HALF = 0x1_0000_0000;

/** Lower half of an argument, unsigned. @param index 0 for a0 */
export function argumentLow(state: HartState, index: number): number {
  return state.low(registerOffset(FIRST_ARGUMENT + index));
}

/** Upper half of an argument, unsigned. */
export function argumentHigh(state: HartState, index: number): number {
  return state.high(registerOffset(FIRST_ARGUMENT + index));
}

/** An argument as a number, rounded from 2^53 on: far above every address and length that there is. */
export function argumentNumber(state: HartState, index: number): number {
  return argumentLow(state, index) + argumentHigh(state, index) * HALF;
}

/**
 * Whom a call is for, of the one hart that there is (section 3.1): a mask, and the number of the hart that its lowest bit is for; −1 for all.
 * @param index of the argument that holds the mask
 * @returns undefined where harts are named that there are not
 */
export function selectsHart(state: HartState, index: number): boolean | undefined {
  const base = argumentNumber(state, index + 1);
  const mask = argumentNumber(state, index);
  if (argumentLow(state, index + 1) === 0xffff_ffff && argumentHigh(state, index + 1) === 0xffff_ffff) return true;
  if (mask === 0) return false;
  return base === 0 && mask === 1 ? true : undefined;
}
