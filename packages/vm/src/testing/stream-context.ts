import type { Assembler } from "./assembler.ts";
import { ROLE } from "./stream-layout.ts";
import type { Random } from "./random.ts";

/** What a random program is made of. */
export type StreamOptions = {
  readonly seed: number;
  /** 0 U, 1 S, 3 M. */
  readonly privilege: 0 | 1 | 3;
  /** Leaves out what an interrupt between two instructions changes: reservations, and what the last trap was. */
  readonly isInterruptible?: boolean;
  /** Top-level parts to leave out, by their number: for narrowing a failure down. */
  readonly without?: ReadonlySet<number>;
};

/** A function of the program, and about how many instructions a call of it runs. */
export type StreamFunction = { readonly call: (context: StreamContext) => void; readonly cost: number };

/** Where in a program the generator is. */
export type StreamContext = {
  readonly assembler: Assembler;
  readonly random: Random;
  readonly options: StreamOptions;
  /** How often what stands here is run, at most. */
  readonly turns: number;
  /** How many more loops and branches may stand one in the other. */
  readonly depth: number;
  /** Counters of loops that are free. */
  readonly counters: readonly number[];
  readonly functions: readonly StreamFunction[];
  /** How many more instructions the program may run. */
  readonly budget: { left: number };
  /** What fills bodies: straight code; or a branch, a loop or a call, too. */
  readonly emit: { readonly leaf: Snippet; readonly item: Snippet };
};

/** Emits something at random. */
export type Snippet = (context: StreamContext) => void;

/** Registers that are written at random. */
const WRITABLE: readonly number[] = [5, 6, 7, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27];
/** Those of them that compressed instructions can name. */
const COMPRESSIBLE: readonly number[] = [10, 11, 12, 13];

/** Counters of loops: of the program, and of its functions. */
export const COUNTERS: readonly number[] = [15, 4, 26];
export const FUNCTION_COUNTERS: readonly number[] = [14];

/** An integer register to write. */
export function destination(random: Random): number {
  if (random.chance(2)) return 0;
  return random.pick(random.chance(50) ? COMPRESSIBLE : WRITABLE);
}

/** An integer register to read: the other ones, too. */
export function source(random: Random): number {
  if (random.chance(40)) return random.pick(COMPRESSIBLE);
  return random.chance(50) ? random.pick(WRITABLE) : random.below(32);
}

/** A floating-point register. */
export function floatRegister(random: Random): number {
  return random.chance(40) ? random.between(8, 15) : random.below(32);
}

/** A signed 12-bit number, often a small one, or one of the ends. */
export function immediate(random: Random): number {
  if (random.chance(10)) return random.pick([0, 1, -1, 2047, -2048]);
  return random.chance(50) ? random.between(-32, 31) : random.between(-2048, 2047);
}

/** A place in the scratch memory, around its pages' boundary where wanted. */
export function scratchPlace(random: Random, size: number): { readonly rs1: number; readonly immediate: number } {
  if (random.chance(5)) return { rs1: ROLE.boundary, immediate: random.between(1 - size, -1) };
  const rs1 = random.pick([ROLE.scratch, ROLE.boundary]);
  if (random.chance(40)) return { rs1, immediate: random.below(256 / size / 2) * size };
  const place = random.between(-2048, 2047);
  return { rs1, immediate: random.chance(75) ? place & -size : place };
}

/** One of several, each as often as its weight says. */
export function chooseWeighted(
  random: Random,
  table: readonly (readonly [weight: number, snippet: Snippet])[],
): Snippet {
  let left = random.below(table.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, snippet] of table) {
    left -= weight;
    if (left < 0) return snippet;
  }
  throw new RangeError("expected a table with weights");
}

/** Emits so many pieces. */
export function emitItems(context: StreamContext, count: number): void {
  for (let index = 0; index < count; index++) context.emit.item(context);
}
