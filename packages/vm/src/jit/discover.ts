import type { Flow } from "../riscv/isa/instruction.ts";
import { isCall } from "./calls.ts";
import { GuestCode, type GuestCodeOptions, type UnitInstruction } from "./guest-code.ts";
import { type CallKind, Inlining, waysOf } from "./inlining.ts";
import type { Shape } from "./request.ts";
import { skippedBy } from "./short-branches.ts";

/** A basic block: instructions that run one after the other. A branch before its last one is short: it skips some of those that follow. */
export type BasicBlock = {
  /** Distance of its first instruction from the unit's entry. */
  readonly start: number;
  readonly instructions: readonly UnitInstruction[];
  /** How its last instruction ends. `next`: the block goes on at the next one. */
  readonly flow: Flow;
  readonly call: CallKind;
  /** Where it may go on within the unit, as indices of blocks; what lies outside is left out. */
  readonly successors: readonly number[];
  /** Of a block of an inlined function: the distance that the function should return to. */
  readonly returnsTo: number | undefined;
  /** Is it in the next page? So is a block whose first instruction begins before that page and ends in it. */
  readonly isBeyond: boolean;
};

/** What to make a unit of. */
export type DiscoverOptions = GuestCodeOptions & {
  /** `block`: on along the way that is not jumped away from. `region`: all that is reached from the entry. */
  readonly shape: Shape;
  /** Are small functions that a region calls a part of it? */
  readonly inlines: boolean;
  /** Most instructions of a unit. */
  readonly limit: number;
};

/** Finds the blocks of a unit; the first is its entry. None where its first instruction reaches into the next page. */
export function discoverBlocks(options: DiscoverOptions): readonly BasicBlock[] {
  return new Discovery(options).blocks();
}

/**
 * Where an instruction is in a unit: at a distance, in the entry's function or in one that is inlined, which is there once for each call. As
 * one number, for maps: the distance + the number of the inlined call (0: none) * PLACES.
 */
type Place = number;
const PLACES = 2 ** 16;

const callAt = (place: Place): number => Math.round(place / PLACES);
const distanceOf = (place: Place): number => place - callAt(place) * PLACES;

class Discovery {
  readonly #options: DiscoverOptions;
  readonly #code: GuestCode;
  readonly #inlining: Inlining;
  readonly #found: Map<Place, UnitInstruction> = new Map();
  /** Branches that blocks go on with. */
  readonly #short: Set<Place> = new Set();

  constructor(options: DiscoverOptions) {
    this.#options = options;
    this.#code = new GuestCode(options);
    this.#inlining = new Inlining(this.#code, options.inlines);
  }

  blocks(): readonly BasicBlock[] {
    const entry = this.#code.at(0);
    if (!entry || this.#code.isBeyond(entry)) return [];
    this.#trace();
    const starts = this.#leaders();
    const indexOf = new Map(starts.map((start, index) => [start, index]));
    return starts.flatMap((start) => this.#collect(start, indexOf) ?? []);
  }

  /** Decodes all that is reached. */
  #trace(): void {
    const waiting: Place[] = [0];
    for (let start = waiting.pop(); start !== undefined; start = waiting.pop()) {
      for (let place: Place | undefined = start; place !== undefined && !this.#found.has(place);) {
        const instruction = this.#found.size < this.#options.limit ? this.#code.at(distanceOf(place)) : undefined;
        if (!instruction) break;
        this.#found.set(place, instruction);
        place = this.#onward(place, instruction, waiting);
      }
    }
  }

  /** Where a trace goes on. A region's other ways wait; a block's are left. */
  #onward(place: Place, instruction: UnitInstruction, waiting: Place[]): Place | undefined {
    const { flow, length, immediate, rd } = instruction;
    if (flow === "next") return place + length;
    if (this.#options.shape === "region") {
      if (callAt(place) === 0) this.#inlining.consider(instruction);
      waiting.push(...this.#ways(place, instruction));
      return undefined;
    }
    if (flow === "branch") return place + length;
    return flow === "jump" && !isCall(flow, rd) ? place + immediate : undefined;
  }

  /** Where an instruction may go on within the unit, as far as that is there. */
  #ways(place: Place, instruction: UnitInstruction): readonly Place[] {
    const { distance, immediate, length, flow, rd } = instruction;
    const call = callAt(place);
    const ways = waysOf(instruction).map((way) => way + call * PLACES);
    if (isCall(flow, rd)) {
      const inlined = call === 0 ? this.#inlining.numberOf(distance + length) : undefined;
      return inlined === undefined ? ways : [...ways, distance + immediate + inlined * PLACES];
    }
    // An inlined function goes back by a return, and by whatever leaves the unit: that is called.
    const returnsTo = this.#inlining.returnsTo(call);
    return returnsTo === undefined || flow === "end" ? ways : [...ways, returnsTo];
  }

  #leaders(): readonly Place[] {
    const starts = new Set<Place>([0]);
    const skipped = new Map<Place, readonly Place[]>();
    for (const place of this.#found.keys()) {
      const places = this.#skippedBy(place);
      if (places) skipped.set(place, places);
      else this.#addWays(place, starts);
    }
    for (const [place, places] of skipped)
      if (places.some((inner) => starts.has(inner))) this.#addWays(place, starts);
      else this.#short.add(place);
    return [...starts];
  }

  #addWays(place: Place, starts: Set<Place>): void {
    const instruction = this.#found.get(place);
    if (!instruction) return;
    const ways = instruction.flow === "next" ? this.#crossing(place, instruction) : this.#ways(place, instruction);
    for (const way of ways) if (this.#found.has(way)) starts.add(way);
  }

  /** What a branch skips, where it is a short one, and all of it and what follows are in one page. */
  #skippedBy(place: Place): readonly Place[] | undefined {
    const skipped = skippedBy(place, (other) => this.#found.get(other));
    const [branch, end] = [this.#found.get(place), this.#found.get(place + (this.#found.get(place)?.immediate ?? 0))];
    if (!skipped || !branch || !end) return undefined;
    return this.#code.isBeyond(branch) === this.#code.isBeyond(end) ? skipped : undefined;
  }

  /** The place after an instruction, where it is the first one in the next page. */
  #crossing(place: Place, instruction: UnitInstruction): readonly Place[] {
    const next = place + instruction.length;
    const after = this.#found.get(next);
    return after && this.#code.isBeyond(after) && !this.#code.isBeyond(instruction) ? [next] : [];
  }

  #collect(start: Place, indexOf: ReadonlyMap<Place, number>): BasicBlock | undefined {
    const first = this.#found.get(start);
    if (!first) return undefined;
    const instructions = [first];
    let [place, last] = [start, first];
    while ((last.flow === "next" || this.#short.has(place)) && !indexOf.has(place + last.length)) {
      const next = this.#found.get(place + last.length);
      if (!next) break;
      instructions.push(next);
      [place, last] = [place + last.length, next];
    }
    return {
      start: first.distance,
      instructions,
      flow: last.flow,
      call: this.#callOf(place, last),
      successors: this.#ways(place, last).flatMap((way) => indexOf.get(way) ?? []),
      returnsTo: this.#inlining.returnsTo(callAt(start)),
      isBeyond: this.#code.isBeyond(first),
    };
  }

  #callOf(place: Place, { distance, length, flow, rd }: UnitInstruction): CallKind {
    if (!isCall(flow, rd)) return "none";
    return callAt(place) === 0 ? this.#inlining.kindOf(distance + length) : "made";
  }
}
