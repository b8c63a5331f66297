import { createDecodedInstruction, type Decode, type DecodedInstruction } from "../riscv/isa/decode.ts";
import type { Shape } from "./request.ts";
import type { Flow } from "../riscv/isa/instruction.ts";

/** One guest instruction of a unit. `distance` is from the unit's entry, in bytes. */
export type UnitInstruction = Readonly<DecodedInstruction> & { readonly distance: number };

/** A basic block: instructions that run one after the other. */
export type BasicBlock = {
  /** Distance of its first instruction from the unit's entry. */
  readonly start: number;
  readonly instructions: readonly UnitInstruction[];
  /** How its last instruction ends. `next`: the block goes on at the next one. */
  readonly flow: Flow;
  /** Where it goes on within the unit, as indices of blocks; what lies outside is left out. */
  readonly successors: number[];
};

/** What to make a unit of. */
export type DiscoverOptions = {
  /** The page's code. */
  readonly page: DataView;
  /** Where the unit begins, in the page: 0 to 4094. */
  readonly offset: number;
  /** `block`: on along the way that is not jumped away from. `region`: all that is reached from the entry. */
  readonly shape: Shape;
  /** Most instructions of a unit. */
  readonly limit: number;
  readonly decode: Decode;
  readonly flowOf: (instruction: number) => Flow;
};

/** Finds the blocks of a unit; the first is its entry. None where its first instruction reaches into the next page. */
export function discoverBlocks(options: DiscoverOptions): readonly BasicBlock[] {
  const found = trace(options);
  const starts = leaders(found, options);
  const indexOf = new Map(starts.map((start, index) => [start, index]));
  return starts.map((start) => collect(start, found, indexOf, options));
}

type Found = Map<number, UnitInstruction>;

/** Decodes all that is reached. */
function trace(options: DiscoverOptions): Found {
  const found: Found = new Map();
  const waiting = [0];
  for (let start = waiting.pop(); start !== undefined; start = waiting.pop()) {
    for (let distance = start; !found.has(distance) && found.size < options.limit;) {
      const instruction = decodeAt(distance, options);
      if (!instruction) break;
      found.set(distance, instruction);
      const flow = options.flowOf(instruction.instruction);
      if (options.shape === "region") waiting.push(...targets(instruction, flow));
      const next = onward(instruction, flow, options.shape);
      if (next === undefined) break;
      distance = next;
    }
  }
  return found;
}

/** Where a trace goes on. A region's other ways wait; a block's are left. */
function onward({ distance, immediate, length, rd }: UnitInstruction, flow: Flow, shape: Shape): number | undefined {
  if (flow === "next") return distance + length;
  if (shape === "region") return undefined;
  if (flow === "branch") return distance + length;
  return flow === "jump" && rd === 0 ? distance + immediate : undefined;
}

function decodeAt(distance: number, { page, offset, decode }: DiscoverOptions): UnitInstruction | undefined {
  const at = offset + distance;
  if (at < 0 || at > 4094) return undefined;
  const low = page.getUint16(at, true);
  const isLong = (low & 3) === 3;
  if (isLong && at === 4094) return undefined;
  const decoded = createDecodedInstruction();
  decode(isLong ? low | (page.getUint16(at + 2, true) << 16) : low, decoded);
  return { ...decoded, distance };
}

/** Where an instruction that ends a block may go on: after a call that is where it returns to. */
function targets({ distance, immediate, length, rd }: UnitInstruction, flow: Flow): readonly number[] {
  if (flow === "branch") return [distance + length, distance + immediate];
  if (flow === "jump") return [rd === 0 ? distance + immediate : distance + length];
  return flow === "jump-register" && rd !== 0 ? [distance + length] : [];
}

function leaders(found: Found, options: DiscoverOptions): readonly number[] {
  if (!found.has(0)) return [];
  const starts = new Set([0]);
  for (const instruction of found.values())
    for (const target of targets(instruction, options.flowOf(instruction.instruction)))
      if (found.has(target)) starts.add(target);
  return [...starts];
}

function collect(
  start: number,
  found: Found,
  indexOf: ReadonlyMap<number, number>,
  options: DiscoverOptions,
): BasicBlock {
  const instructions: UnitInstruction[] = [];
  let flow: Flow = "next";
  let distance = start;
  do {
    const instruction = found.get(distance);
    if (!instruction) break;
    instructions.push(instruction);
    flow = options.flowOf(instruction.instruction);
    distance += instruction.length;
  } while (flow === "next" && !indexOf.has(distance));
  const last = instructions.at(-1);
  const onward = flow === "next" || !last ? [distance] : targets(last, flow);
  const successors = onward.flatMap((target) => indexOf.get(target) ?? []);
  return { start, instructions, flow, successors };
}
