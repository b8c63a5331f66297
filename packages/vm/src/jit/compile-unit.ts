import { IrBlock, KIND, type Value } from "../ir/block.ts";
import { HELPER } from "../ir/helpers.ts";
import { Lowering } from "../ir/lower.ts";
import type { LoweringTarget } from "../ir/lowering-target.ts";
import { IrRecorder } from "../ir/recorder.ts";
import type { Semantics } from "../ir/port.ts";
import { jumpCacheOffset, type Mode, registerOffset, STATE, tlbOffset, TLB, UNITS } from "../memory/layout.ts";
import { pushJumpEntry, TYPE_INDEX } from "../processor/core-module.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import type { BasicBlock } from "./discover.ts";
import type { Shape } from "./request.ts";
import { including, liveRegisters, NO_REGISTERS, type RegisterSet, registersOf } from "./registers.ts";
import { type Structure, structureOf } from "./structure.ts";

/** How deep guest calls may nest as calls of WebAssembly; beyond, all of them return to the loop that runs units. */
const MOST_DEPTH = 200;

/** Parameters of a unit's function. */
const PC = 0;
const DEPTH = 1;
const RECORD = 2;

/** Second argument of the helper `hot` for a block that asks to become a region; its first one is the unit's record then. */
export const HOT_BLOCK = -1;

/** The registers that return addresses are kept in: jumps to them are returns ("Unconditional Jumps", table of hints). */
const LINKS: ReadonlySet<number> = new Set([1, 5]);

/** Compiles a unit's blocks to a function's body. Nothing in it depends on where the code lies. */
export function compileUnit(
  blocks: readonly BasicBlock[],
  kind: UnitKind,
  semanticsOf: (instruction: number) => Semantics,
): Uint8Array<ArrayBuffer> {
  return new UnitCompiler(blocks, kind, semanticsOf).compile();
}

/** What a unit is compiled for. */
export type UnitKind = { readonly mode: Mode; readonly shape: Shape };

class UnitCompiler {
  readonly #writer: FunctionWriter = new FunctionWriter(3);
  readonly #blocks: readonly BasicBlock[];
  readonly #mode: Mode;
  readonly #isRegion: boolean;
  readonly #code: readonly IrBlock[];
  readonly #indexOf: ReadonlyMap<number, number>;
  readonly #structure: Structure;
  /** Registers to load before each block: those that are read later. */
  readonly #live: readonly RegisterSet[];
  /** Locals that hold guest registers. */
  readonly #locals: Map<number, number> = new Map();
  readonly #lowering: Lowering;
  readonly #budget: number;
  /** What the budget was when the unit was entered, less what its calls have spent. */
  readonly #counted: number;
  readonly #next: number;
  readonly #entry: number;
  /** Registers that memory does not have yet, at the current instruction. */
  #dirty: RegisterSet = NO_REGISTERS;
  /** Is the next address returned to whoever called? Else the unit goes on there itself. */
  readonly #isReturn: number;
  /** Labels: of the way out, of loops' heads, and of the ends of blocks before which merges stand. */
  #out = 0;
  readonly #heads: Map<number, number> = new Map();
  readonly #ends: Map<number, number> = new Map();
  #current = 0;
  #distance = 0;
  #length = 0;

  constructor(
    blocks: readonly BasicBlock[],
    { mode, shape }: UnitKind,
    semanticsOf: (instruction: number) => Semantics,
  ) {
    this.#blocks = blocks;
    this.#mode = mode;
    this.#isRegion = shape === "region";
    this.#code = blocks.map((block) => record(block, semanticsOf));
    this.#indexOf = new Map(blocks.map((block, index) => [block.start, index]));
    this.#structure = structureOf(blocks.map((block) => block.successors));
    this.#live = liveRegisters(
      blocks.map(({ successors, ...block }, index) => ({
        code: this.#code[index] ?? new IrBlock(),
        successors,
        isCall: this.#isRegion && block.flow.startsWith("jump") && block.instructions.at(-1)?.rd !== 0,
      })),
    );
    this.#budget = this.#writer.local(TYPE.i32);
    this.#counted = this.#writer.local(TYPE.i32);
    this.#next = this.#writer.local(TYPE.i64);
    this.#entry = this.#writer.local(TYPE.i32);
    this.#isReturn = this.#writer.local(TYPE.i32);
    this.#lowering = new Lowering(this.#writer, this.#target());
  }

  compile(): Uint8Array<ArrayBuffer> {
    const writer = this.#writer;
    this.#loadBudget();
    writer.get(this.#budget);
    writer.set(this.#counted);
    this.#leaveWhereOver(() => {
      writer.get(PC);
      writer.op(OP.return);
    });
    if (!this.#isRegion) this.#count();
    this.#load(this.#live[0]);
    this.#out = writer.open(OP.block);
    this.#tree(0);
    writer.op(OP.unreachable);
    writer.close();
    this.#countInstructions();
    this.#storeBudget();
    writer.get(this.#isReturn);
    writer.open(OP.if);
    writer.get(this.#next);
    writer.op(OP.return);
    writer.close();
    this.#jump();
    return writer.finish();
  }

  /** Counts how often a block is entered: when its counter is at 0, it asks to become a region. */
  #count(): void {
    const writer = this.#writer;
    writer.get(RECORD);
    writer.get(RECORD);
    writer.memory(OP.i32Load, UNITS.counter);
    writer.i32(1);
    writer.op(OP.i32Sub);
    writer.tee(this.#entry);
    writer.memory(OP.i32Store, UNITS.counter);
    writer.get(this.#entry);
    writer.op(OP.i32Eqz);
    writer.open(OP.if);
    writer.get(RECORD);
    writer.i32(HOT_BLOCK);
    writer.call(HELPER.hot);
    writer.close();
  }

  #local(register: number): number {
    const known = this.#locals.get(register);
    if (known !== undefined) return known;
    const local = this.#writer.local(TYPE.i64);
    this.#locals.set(register, local);
    return local;
  }

  #load(registers: RegisterSet = NO_REGISTERS): void {
    for (const register of registersOf(registers)) {
      this.#writer.i32(0);
      this.#writer.memory(OP.i64Load, registerOffset(register));
      this.#writer.set(this.#local(register));
    }
  }

  #flush(): void {
    for (const register of registersOf(this.#dirty)) {
      this.#writer.i32(0);
      this.#writer.get(this.#local(register));
      this.#writer.memory(OP.i64Store, registerOffset(register));
    }
    this.#dirty = NO_REGISTERS;
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
    this.#heads.set(block, this.#writer.open(OP.loop));
    this.#leaveWhereOver(() => {
      this.#setNext(this.#blocks[block]?.start ?? 0);
      this.#writer.i32(1);
      this.#writer.set(this.#isReturn);
      this.#writer.branch(OP.br, this.#out);
    });
  }

  #leaveWhereOver(leave: () => void): void {
    this.#writer.get(this.#budget);
    this.#writer.i32(0);
    this.#writer.op(OP.i32LtS);
    this.#writer.open(OP.if);
    leave();
    this.#writer.close();
  }

  #body(index: number): void {
    const block = this.#blocks[index];
    const code = this.#code[index];
    if (!block || !code) return;
    const writer = this.#writer;
    this.#current = index;
    writer.get(this.#budget);
    writer.i32(block.instructions.length);
    writer.op(OP.i32Sub);
    writer.set(this.#budget);
    this.#lowering.lower(code);
    const last = block.instructions.at(-1);
    this.#flush();
    if (block.flow === "next") this.#goTo(last ? last.distance + last.length : block.start);
  }

  /** Goes on at a distance: within the unit, or through the jump cache. */
  #goTo(distance: number): void {
    const index = this.#indexOf.get(distance);
    const from = this.#current;
    if (index === undefined) return this.#exit(distance);
    const { position, isMerge, dominates } = this.#structure;
    const isBack = (position[index] ?? 0) <= (position[from] ?? 0);
    if (isBack && !dominates(index, from)) return this.#exit(distance); // Irreducible.
    if (isBack) return this.#writer.branch(OP.br, this.#heads.get(index) ?? 0);
    if (isMerge[index]) return this.#writer.branch(OP.br, this.#ends.get(index) ?? 0);
    this.#tree(index);
    this.#current = from;
  }

  #exit(distance: number): void {
    this.#setNext(distance);
    this.#writer.branch(OP.br, this.#out);
  }

  #setNext(distance: number): void {
    this.#pushPc(distance);
    this.#writer.set(this.#next);
  }

  #pushPc(distance: number): void {
    this.#writer.get(PC);
    if (distance === 0) return;
    this.#writer.i64(distance, distance >> 31);
    this.#writer.op(OP.i64Add);
  }

  #storeBudget(): void {
    this.#writer.i32(0);
    this.#writer.get(this.#budget);
    this.#writer.memory(OP.i32Store, STATE.budget);
  }

  #loadBudget(): void {
    this.#writer.i32(0);
    this.#writer.memory(OP.i32Load, STATE.budget);
    this.#writer.set(this.#budget);
  }

  /** Adds what was run since the unit was entered, its calls aside, to its kind's count. */
  #countInstructions(): void {
    const writer = this.#writer;
    writer.get(RECORD);
    writer.memory(OP.i32Load, UNITS.counted);
    writer.tee(this.#entry);
    writer.get(this.#entry);
    writer.memory(OP.i64Load, 0);
    writer.get(this.#counted);
    writer.get(this.#budget);
    writer.op(OP.i32Sub);
    writer.op(OP.i64ExtendI32S);
    writer.op(OP.i64Add);
    writer.memory(OP.i64Store, 0);
  }

  /** Leaves out of the count what is run elsewhere: moves its start by the budget, back before a call and forth after it. */
  #shiftCount(opcode: number): void {
    this.#writer.get(this.#counted);
    this.#writer.get(this.#budget);
    this.#writer.op(opcode);
    this.#writer.set(this.#counted);
  }

  /** Finds `next` in the jump cache; returns it to the loop that runs units where it is not there. */
  #findNext(): void {
    const writer = this.#writer;
    pushJumpEntry(writer, this.#next);
    writer.tee(this.#entry);
    writer.memory(OP.i64Load, jumpCacheOffset(this.#mode));
    writer.get(this.#next);
    writer.op(OP.i64Ne);
    writer.open(OP.if);
    writer.get(this.#next);
    writer.op(OP.return);
    writer.close();
  }

  #pushUnit(): void {
    const writer = this.#writer;
    writer.get(this.#entry);
    writer.memory(OP.i32Load, jumpCacheOffset(this.#mode) + 12);
    writer.get(this.#entry);
    writer.memory(OP.i32Load, jumpCacheOffset(this.#mode) + 8);
  }

  /** Goes on in another unit. */
  #jump(): void {
    this.#findNext();
    this.#writer.get(this.#next);
    this.#writer.get(DEPTH);
    this.#pushUnit();
    this.#writer.callIndirect(TYPE_INDEX.unit, OP.returnCallIndirect);
  }

  /** A guest call is a call, as long as it returns to where it should; else everything returns to the loop that runs units. */
  #call(returnsTo: number): void {
    const writer = this.#writer;
    this.#storeBudget();
    writer.get(DEPTH);
    writer.i32(MOST_DEPTH);
    writer.op(OP.i32GeU);
    writer.open(OP.if);
    writer.get(this.#next);
    writer.op(OP.return);
    writer.close();
    this.#findNext();
    this.#shiftCount(OP.i32Sub);
    writer.get(this.#next);
    writer.get(DEPTH);
    writer.i32(1);
    writer.op(OP.i32Add);
    this.#pushUnit();
    writer.callIndirect(TYPE_INDEX.unit);
    writer.tee(this.#next);
    this.#pushPc(returnsTo);
    writer.op(OP.i64Ne);
    writer.open(OP.if);
    writer.get(this.#next);
    writer.op(OP.return);
    writer.close();
    this.#loadBudget();
    this.#shiftCount(OP.i32Add);
    const onward = this.#indexOf.get(returnsTo);
    if (onward !== undefined) this.#load(this.#live[onward]);
    this.#goTo(returnsTo);
  }

  #terminator(kind: number, value: Value, push: (value: Value) => void, operation: Value): void {
    const code = this.#code[this.#current];
    if (!code) return;
    this.#flush();
    const displacement = code.low[operation] ?? 0;
    const link = code.high[operation] ?? 0;
    if (kind === KIND.branch) return this.#branch(displacement, () => push(value));
    if (kind === KIND.jump) return this.#direct(this.#distance + displacement, link);
    const known = IrRecorder.knownTarget(code, value);
    if (known !== undefined) return link === 0 ? this.#exit(known) : this.#direct(known, link);
    push(value);
    this.#writer.set(this.#next);
    if (link !== 0 && this.#isRegion) return this.#call(this.#distance + this.#length);
    if (LINKS.has(displacement) && link === 0) this.#returnWhereCalled();
    this.#writer.branch(OP.br, this.#out);
  }

  /** A return goes back to the unit that called, if one did. */
  #returnWhereCalled(): void {
    this.#writer.get(DEPTH);
    this.#writer.set(this.#isReturn);
  }

  #branch(displacement: number, pushCondition: () => void): void {
    const [from, fallThrough] = [this.#distance, this.#distance + this.#length];
    pushCondition();
    this.#writer.open(OP.if);
    this.#goTo(from + displacement);
    this.#writer.close();
    this.#goTo(fallThrough);
  }

  #direct(distance: number, link: number): void {
    if (link === 0) return this.#goTo(distance);
    if (!this.#isRegion) return this.#exit(distance);
    const returnsTo = this.#distance + this.#length;
    this.#setNext(distance);
    this.#call(returnsTo);
  }

  #target(): LoweringTarget {
    const writer = this.#writer;
    return {
      getRegister: (register) => writer.get(this.#local(register)),
      prepareSet: () => undefined,
      setRegister: (register) => {
        writer.set(this.#local(register));
        this.#dirty = including(this.#dirty, register);
      },
      field: () => undefined,
      pc: (distance) => this.#pushPc(distance),
      storePc: () => {
        writer.i32(0);
        this.#pushPc(this.#distance);
        writer.memory(OP.i64Store, STATE.pc);
      },
      storeBudget: () => {
        this.#countInstructions();
        this.#storeBudget();
      },
      loadBudget: () => {
        this.#loadBudget();
        writer.get(this.#budget);
        writer.set(this.#counted);
      },
      budget: this.#budget,
      site: (size) => {
        writer.get(PC);
        writer.i32((this.#distance << 4) | size);
      },
      flush: () => this.#flush(),
      leave: () => {
        writer.i64(1, 0);
        writer.op(OP.return);
      },
      tlb: (kind) => tlbOffset(this.#mode, TLB[kind]),
      terminator: (kind, value, push, operation) => this.#terminator(kind, value, push, operation),
      instruction: (distance, length) => {
        this.#distance = distance;
        this.#length = length;
      },
    };
  }
}

function record(block: BasicBlock, semanticsOf: (instruction: number) => Semantics): IrBlock {
  const recorder = new IrRecorder();
  for (const instruction of block.instructions) {
    const { distance, immediate, rounding, length } = instruction;
    recorder.begin({ offset: distance, immediate, rounding, length });
    semanticsOf(instruction.instruction)(recorder, instruction);
  }
  return recorder.block;
}
