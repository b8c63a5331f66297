import { IrBlock, KIND, type Value } from "../ir/block.ts";
import { Lowering } from "../ir/lower.ts";
import type { LoweringTarget } from "../ir/lowering-target.ts";
import { IrRecorder } from "../ir/recorder.ts";
import type { Semantics } from "../ir/port.ts";
import { type Mode, STATE, tlbOffset, TLB } from "../memory/layout.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { isCall, isReturn } from "./calls.ts";
import type { BasicBlock } from "./discover.ts";
import { type LateBlock, lateRegisters } from "./late-registers.ts";
import { PageMemos } from "./page-memos.ts";
import { RegisterLocals } from "./register-locals.ts";
import { liveRegisters, NO_REGISTERS, type RegisterSet, union } from "./registers.ts";
import type { Shape } from "./request.ts";
import { type Structure, structureOf } from "./structure.ts";
import { UnitWriter } from "./unit-writer.ts";

/** Compiles a unit's blocks to a function's body. Nothing in it depends on where the code lies. */
export function compileUnit(
  blocks: readonly BasicBlock[],
  kind: UnitKind,
  semanticsOf: (instruction: number) => Semantics,
): Uint8Array<ArrayBuffer> {
  return new UnitCompiler(blocks, kind, semanticsOf).compile();
}

/** What a unit is compiled for. */
export type UnitKind = {
  readonly mode: Mode;
  readonly shape: Shape;
  /** Distance at which the next page begins. */
  readonly border: number;
};

class UnitCompiler {
  readonly #writer: UnitWriter;
  readonly #blocks: readonly BasicBlock[];
  readonly #mode: Mode;
  readonly #isRegion: boolean;
  readonly #border: number;
  readonly #code: readonly IrBlock[];
  readonly #structure: Structure;
  /** Registers to load before each block: those that are read later. */
  readonly #live: readonly RegisterSet[];
  /** Registers that memory may not have yet before each block: none in a unit that writes them back early. */
  readonly #late: readonly RegisterSet[];
  readonly #registers: RegisterLocals;
  /** A block's loops are few, and V8 would be later with all of them. */
  readonly #memos: PageMemos | undefined;
  readonly #lowering: Lowering;
  /** Labels: of the way out, of the way back to an instruction, of loops' heads, and of the ends of blocks before which merges stand. */
  #out = 0;
  #back = 0;
  readonly #heads: Map<number, number> = new Map();
  readonly #ends: Map<number, number> = new Map();
  #current = 0;
  /** The instruction of the current block that is being lowered, from 0 on. */
  #index = -1;
  #distance = 0;
  #length = 0;

  constructor(
    blocks: readonly BasicBlock[],
    { mode, shape, border }: UnitKind,
    semanticsOf: (instruction: number) => Semantics,
  ) {
    this.#blocks = blocks;
    this.#writer = new UnitWriter(mode);
    this.#mode = mode;
    this.#isRegion = shape === "region";
    this.#border = border;
    this.#code = blocks.map((block) => record(block, semanticsOf));
    this.#structure = structureOf(blocks.map((block) => block.successors));
    const flow = blocks.map((block, index) => this.#flowOf(block, index));
    this.#live = liveRegisters(flow);
    this.#late = this.#isRegion ? lateRegisters(flow, this.#live) : [];
    this.#registers = new RegisterLocals(this.#writer);
    if (this.#isRegion) this.#memos = new PageMemos(this.#writer, blocks, this.#code, this.#structure);
    this.#lowering = new Lowering(this.#writer, this.#target());
  }

  #flowOf({ successors, call, returnsTo, instructions }: BasicBlock, index: number): LateBlock {
    const last = instructions.at(-1);
    const onward = call === "inlined" && last ? last.distance + last.length : undefined;
    return {
      code: this.#code[index] ?? new IrBlock(),
      successors,
      isCall: this.#isRegion && (call === "made" || call === "inlinable"),
      returns: successors.filter((next) => {
        const start = this.#blocks[next]?.start;
        return start === returnsTo || start === onward;
      }),
    };
  }

  compile(): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    writer.begin();
    if (!this.#isRegion) writer.countEntry();
    this.#registers.load(this.#live[0]);
    this.#out = writer.open(OP.block);
    this.#back = writer.open(OP.block, TYPE.i32);
    this.#tree(0);
    writer.op(OP.unreachable);
    writer.close();
    writer.goBack();
    writer.close();
    writer.end();
    return writer.finish();
  }

  /** A block, and all that it dominates. */
  #tree(block: number): void {
    const writer = this.#writer;
    const { isLoop, merges } = this.#structure;
    if (isLoop[block]) this.#openLoop(block);
    for (const merge of merges[block] ?? []) this.#ends.set(merge, writer.open(OP.block));
    this.#body(block);
    for (const merge of (merges[block] ?? []).toReversed()) {
      writer.close();
      this.#tree(merge);
    }
    if (isLoop[block]) writer.close();
  }

  #openLoop(block: number): void {
    const writer = this.#writer;
    this.#memos?.enter(block);
    this.#heads.set(block, writer.open(OP.loop));
    writer.whereOver(() => {
      this.#registers.writeBack(this.#late[block] ?? NO_REGISTERS);
      writer.setNext(this.#blocks[block]?.start ?? 0);
      writer.returnAtEnd(false);
      writer.branch(OP.br, this.#out);
    });
  }

  #body(index: number): void {
    const block = this.#blocks[index];
    const code = this.#code[index];
    if (!block || !code) return;
    this.#current = index;
    this.#index = -1;
    this.#registers.dirty = this.#late[index] ?? NO_REGISTERS;
    this.#writer.spend(block.instructions.length);
    this.#lowering.lower(code);
    if (block.flow !== "next") return;
    const last = block.instructions.at(-1);
    this.#flushAtEnd();
    this.#goTo(last ? last.distance + last.length : block.start, block.returnsTo);
  }

  /** Writes back, once for all ways on from the current block, what none of them leaves for later. */
  #flushAtEnd(): void {
    const { successors = [] } = this.#blocks[this.#current] ?? {};
    const kept = successors.reduce((set, next) => union(set, this.#late[next] ?? NO_REGISTERS), NO_REGISTERS);
    this.#registers.flush(kept);
  }

  /** Index of the block at a distance, where the current one goes on there within the unit. */
  #successorAt(distance: number): number | undefined {
    const { successors = [] } = this.#blocks[this.#current] ?? {};
    return successors.find((index) => this.#blocks[index]?.start === distance);
  }

  /** Where the function should return to that the current block is inlined of. */
  get #returnsTo(): number | undefined {
    return this.#blocks[this.#current]?.returnsTo;
  }

  /** Goes on at a distance: within the unit, or else as `#leave` does. @param returnsTo as there */
  #goTo(distance: number, returnsTo: number | undefined): void {
    const index = this.#successorAt(distance);
    const from = this.#current;
    if (index === undefined || this.#isIrreducible(from, index)) return this.#exit(distance, returnsTo);
    if (this.#blocks[index]?.isBeyond && !this.#blocks[from]?.isBeyond)
      this.#writer.whereNextPageIsOther(() => this.#registers.aside(() => this.#exit(distance, returnsTo)));
    this.#toBlock(index);
  }

  #toBlock(index: number): void {
    const from = this.#current;
    this.#registers.flush(this.#late[index]);
    if (this.#isBack(from, index)) {
      this.#memos?.enter(index, from);
      return this.#writer.branch(OP.br, this.#heads.get(index) ?? 0);
    }
    if (this.#structure.isMerge[index]) return this.#writer.branch(OP.br, this.#ends.get(index) ?? 0);
    this.#tree(index);
    this.#current = from;
  }

  #isBack(from: number, to: number): boolean {
    const { position } = this.#structure;
    return (position[to] ?? 0) <= (position[from] ?? 0);
  }

  /** Does an edge go back to a block that does not dominate where it comes from? */
  #isIrreducible(from: number, to: number): boolean {
    return this.#isBack(from, to) && !this.#structure.dominates(to, from);
  }

  #exit(distance: number, returnsTo: number | undefined): void {
    // From its last two bytes on: an instruction of four bytes may lie across the border.
    const isNext = distance >= this.#border - 2 && distance < this.#border + PAGE_BYTES;
    if (this.#isRegion && isNext) this.#writer.countUse();
    this.#writer.setNext(distance);
    this.#leave(returnsTo);
  }

  /** Goes on at `next`, in another unit. @param returnsTo of an inlined function: what is left of it is called, and should come back there */
  #leave(returnsTo: number | undefined): void {
    this.#registers.flush();
    if (returnsTo === undefined) this.#writer.branch(OP.br, this.#out);
    else this.#call(returnsTo, undefined);
  }

  /**
   * A guest call is a call, as long as it returns to where it should; else everything returns to the loop that runs units.
   * @param inlined where the function should return to that the call is in, if that is inlined
   */
  #call(returnsTo: number, inlined: number | undefined): void {
    const writer = this.#writer;
    this.#registers.flush();
    writer.callNext();
    writer.whereNext(OP.i64Ne, returnsTo, () => writer.returnNext());
    writer.resume();
    const onward = this.#successorAt(returnsTo);
    if (onward !== undefined) this.#registers.load(this.#live[onward]);
    this.#goTo(returnsTo, inlined);
  }

  #terminator(kind: number, value: Value, push: (value: Value) => void, operation: Value): void {
    const code = this.#code[this.#current];
    if (!code) return;
    this.#flushAtEnd();
    const displacement = code.low[operation] ?? 0;
    const link = code.high[operation] ?? 0;
    if (kind === KIND.branch) return this.#branch(displacement, () => push(value));
    if (kind === KIND.jump) return this.#direct(this.#distance + displacement, link);
    const known = IrRecorder.knownTarget(code, value);
    if (known !== undefined) return this.#direct(known, link);
    push(value);
    this.#writer.popNext();
    if (this.#isRegion && isCall("jump-register", link))
      return this.#call(this.#distance + this.#length, this.#returnsTo);
    if (isReturn(displacement, link)) return this.#return();
    this.#leave(this.#returnsTo);
  }

  /** A return goes back to the unit that called, if one did; that of an inlined function, to where it was called. */
  #return(): void {
    const returnsTo = this.#returnsTo;
    const writer = this.#writer;
    if (returnsTo !== undefined)
      writer.whereNext(OP.i64Eq, returnsTo, () => this.#registers.aside(() => this.#goTo(returnsTo, undefined)));
    this.#registers.flush();
    writer.returnAtEnd(true);
    writer.branch(OP.br, this.#out);
  }

  #branch(displacement: number, pushCondition: () => void): void {
    const [from, fallThrough] = [this.#distance, this.#distance + this.#length];
    const returnsTo = this.#returnsTo;
    pushCondition();
    this.#writer.open(OP.if);
    this.#registers.aside(() => this.#goTo(from + displacement, returnsTo));
    this.#writer.close();
    this.#goTo(fallThrough, returnsTo);
  }

  #direct(distance: number, link: number): void {
    if (!isCall("jump", link)) return this.#goTo(distance, this.#returnsTo);
    if (!this.#isRegion) return this.#exit(distance, undefined);
    const returnsTo = this.#distance + this.#length;
    const { call } = this.#blocks[this.#current] ?? {};
    if (call === "inlined") return this.#goTo(distance, returnsTo);
    if (call === "inlinable") this.#writer.countUse();
    this.#writer.setNext(distance);
    this.#call(returnsTo, this.#returnsTo);
  }

  /** Leaves before the current instruction: of an inlined function too, which then goes back to where its return leads. */
  #retry(): void {
    const count = this.#blocks[this.#current]?.instructions.length ?? 0;
    this.#registers.writeBack(this.#registers.dirty);
    this.#writer.pushGoBack(this.#distance, count - this.#index);
    this.#writer.branch(OP.br, this.#back);
  }

  #target(): LoweringTarget {
    const writer = this.#writer;
    return {
      getRegister: (register) => this.#registers.push(register),
      prepareSet: () => undefined,
      setRegister: (register) => this.#registers.pop(register),
      field: () => undefined,
      pc: (distance) => this.#writer.pushPc(distance),
      storePc: () => {
        writer.i32(0);
        this.#writer.pushPc(this.#distance);
        writer.memory(OP.i64Store, STATE.pc);
      },
      storeBudget: () => {
        writer.countInstructions();
        writer.storeBudget();
      },
      loadBudget: () => writer.loadBudget(),
      budget: writer.budget,
      site: (size) => {
        writer.pushPc(0);
        writer.i32((this.#distance << 4) | size);
      },
      flush: () => this.#registers.flush(),
      leave: () => {
        writer.i64(1, 0);
        writer.op(OP.return);
      },
      canRetry: () => this.#current > 0 || this.#index > 0,
      // A block's retries write nothing back: blocks are many, and V8 would be later with all of them.
      prepareRetry: () => {
        if (!this.#isRegion) this.#registers.flush();
      },
      retry: () => this.#retry(),
      pageMemo: (access) => this.#memos?.of(this.#current, access),
      tlb: (kind) => tlbOffset(this.#mode, TLB[kind]),
      terminator: (kind, value, push, operation) => this.#terminator(kind, value, push, operation),
      skip: (instructions, pushCondition) => {
        writer.giveBackWhere(instructions, pushCondition);
        this.#index += instructions;
      },
      instruction: (distance, length) => {
        this.#index++;
        this.#distance = distance;
        this.#length = length;
      },
    };
  }
}

function record(block: BasicBlock, semanticsOf: (instruction: number) => Semantics): IrBlock {
  const recorder = new IrRecorder();
  for (const [index, instruction] of block.instructions.entries()) {
    const { distance, immediate, rounding, length } = instruction;
    const skips = skippedInstructions(block, index);
    recorder.begin({ offset: distance, immediate, rounding, length, ...(skips !== undefined && { skips }) });
    semanticsOf(instruction.instruction)(recorder, instruction);
  }
  recorder.end();
  return recorder.block;
}

/** How many instructions a short branch skips. @param index of any instruction of a block */
function skippedInstructions({ instructions }: BasicBlock, index: number): number | undefined {
  const branch = instructions[index];
  if (branch?.flow !== "branch" || index === instructions.length - 1) return undefined;
  const end = instructions.findIndex(({ distance }) => distance === branch.distance + branch.immediate);
  return (end === -1 ? instructions.length : end) - index - 1;
}
