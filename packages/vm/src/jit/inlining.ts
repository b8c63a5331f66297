import { isCall, isReturn } from "./calls.ts";
import type { GuestCode, UnitInstruction } from "./guest-code.ts";

/** Most instructions of a function that is inlined, and of all that are inlined in a unit. */
const MOST_INLINED = { function: 80, unit: 240 } as const;

/** Does a block end with a guest call, and is the function that it calls inlined, or could it be? */
export type CallKind = "none" | "made" | "inlinable" | "inlined";

/** Decides which calls of a unit are inlined: those of small functions that are there as a whole, or nearly so, and that return. */
export class Inlining {
  readonly #code: GuestCode;
  readonly #inlines: boolean;
  /** Numbers of inlined calls, by where they return to; and where those return to that could be inlined. */
  readonly #inlined: Map<number, number> = new Map();
  readonly #inlinable: Set<number> = new Set();
  /** Of functions, as far as they were looked at. */
  readonly #sizes: Map<number, number> = new Map();
  /** Where each inlined call returns to, by its number. 0 is none. */
  readonly #returns: (number | undefined)[] = [undefined];
  #size = 0;

  /** @param inlines whether calls are inlined, or only found out that could be */
  constructor(code: GuestCode, inlines: boolean) {
    this.#code = code;
    this.#inlines = inlines;
  }

  /** Decides about an instruction of the unit's own function. */
  consider({ distance, immediate, length, rd, flow }: UnitInstruction): void {
    if (flow !== "jump" || !isCall(flow, rd)) return;
    const size = this.#size + this.#sizeOf(distance + immediate);
    if (size > MOST_INLINED.unit) return;
    const returnsTo = distance + length;
    if (!this.#inlines) return void this.#inlinable.add(returnsTo);
    this.#size = size;
    this.#inlined.set(returnsTo, this.#returns.length);
    this.#returns.push(returnsTo);
  }

  /** The number of an inlined call, from 1 on. @param returnsTo distance that it returns to */
  numberOf(returnsTo: number): number | undefined {
    return this.#inlined.get(returnsTo);
  }

  /** Distance that an inlined call returns to. @param call its number; 0 is none */
  returnsTo(call: number): number | undefined {
    return this.#returns[call];
  }

  /** What is done about a call of the unit's own function. */
  kindOf(returnsTo: number): CallKind {
    if (this.#inlined.has(returnsTo)) return "inlined";
    return this.#inlinable.has(returnsTo) ? "inlinable" : "made";
  }

  /** How many instructions a function has, as far as it is known. Infinite where it is too large to be inlined, or never returns. */
  #sizeOf(start: number): number {
    const size = this.#sizes.get(start) ?? this.#measure(start);
    this.#sizes.set(start, size);
    return size;
  }

  #measure(start: number): number {
    const seen = new Set<number>();
    let returns = false;
    const waiting = [start];
    for (let distance = waiting.pop(); distance !== undefined; distance = waiting.pop()) {
      const instruction = seen.has(distance) ? undefined : this.#code.at(distance);
      if (!instruction) continue;
      seen.add(distance);
      if (seen.size > MOST_INLINED.function) return Infinity;
      returns ||= instruction.flow === "jump-register" && isReturn(instruction.rs1, instruction.rd);
      waiting.push(...waysOf(instruction));
    }
    return returns ? seen.size : Infinity;
  }
}

/** Distances at which an instruction may go on: after a call that is where it returns to. */
export function waysOf({ distance, immediate, length, rd, flow }: UnitInstruction): readonly number[] {
  if (flow === "next" || isCall(flow, rd)) return [distance + length];
  if (flow === "branch") return [distance + length, distance + immediate];
  return flow === "jump" ? [distance + immediate] : [];
}
