import { FIRST_EFFECT, type IrBlock, KIND } from "../ir/block.ts";
import { IrRecorder } from "../ir/recorder.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import { OP } from "../wasm/opcodes.ts";
import type { UnitInstruction } from "./guest-code.ts";

/** Most instructions that a branch skips, to be a short one. */
const MOST_SKIPPED = 3;
const LONGEST = 4;

/** They take longer than a branch that was guessed wrong. */
const DIVISIONS: ReadonlySet<number> = new Set([
  OP.i32DivS,
  OP.i32DivU,
  OP.i32RemS,
  OP.i32RemU,
  OP.i64DivS,
  OP.i64DivU,
  OP.i64RemS,
  OP.i64RemU,
]);

/** Of instructions, as far as they were asked for. */
const known: Map<number, boolean> = new Map();

/**
 * What a branch skips where it is a short one: a few instructions that do nothing but set registers, and take no time worth a branch. Compilers
 * write so what other processors have conditional moves for.
 * @param place of the branch @param at finds the instruction at a place
 * @returns places of what it skips; undefined where it is none
 */
export function skippedBy(
  place: number,
  at: (place: number) => UnitInstruction | undefined,
): readonly number[] | undefined {
  const branch = at(place);
  if (branch?.flow !== "branch") return undefined;
  const [start, end] = [place + branch.length, place + branch.immediate];
  if (end <= start || end > start + MOST_SKIPPED * LONGEST || !at(end)) return undefined;
  const skipped: number[] = [];
  for (let next = start; next < end;) {
    const instruction = at(next);
    if (!instruction || !isPure(instruction.instruction)) return undefined;
    skipped.push(next);
    next += instruction.length;
    if (next > end) return undefined;
  }
  return skipped.length <= MOST_SKIPPED ? skipped : undefined;
}

/** Does an instruction do nothing but set registers, in no time worth speaking of? */
function isPure(instruction: number): boolean {
  const before = known.get(instruction);
  if (before !== undefined) return before;
  const recorder = new IrRecorder();
  recorder.begin(undefined);
  instructionAt(instruction).semantics(recorder, { rd: 1, rs1: 2, rs2: 3, rs3: 4 });
  const { block } = recorder;
  const answer = block.kind.every((kind, index) => isPureKind(kind) && !isDivision(block, index));
  known.set(instruction, answer);
  return answer;
}

function isPureKind(kind: number): boolean {
  return kind < FIRST_EFFECT || kind === KIND.set;
}

function isDivision({ kind, low }: IrBlock, index: number): boolean {
  return kind[index] === KIND.numeric && DIVISIONS.has(low[index] ?? 0);
}
