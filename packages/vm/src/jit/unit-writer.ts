import { HELPER, HOT_UNIT } from "../ir/helpers.ts";
import { pushLookAsideIndex } from "../ir/look-aside-index.ts";
import { HOT_UNIT_OFFSET, jumpCacheOffset, type Mode, STATE, TLB, tlbOffset, UNITS } from "../memory/layout.ts";
import { PAGE_BYTES } from "../memory/page.ts";
import { pushJumpEntry, TYPE_INDEX } from "../processor/core-module.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";

/** How deep guest calls may nest as calls of WebAssembly; beyond, all of them return to the loop that runs units. */
const MOST_DEPTH = 200;

/** Bits of a number of instructions, of which a unit has fewer. */
const INSTRUCTIONS_BITS = 10;

/** Parameters of a unit's function. */
const PC = 0;
const DEPTH = 1;
const RECORD = 2;

/** Writes what units' functions have in common: how they count, and how they lead to each other. */
export class UnitWriter extends FunctionWriter {
  /** Local of what is left of the slice. */
  readonly budget: number = this.local(TYPE.i32);
  readonly #mode: Mode;
  /** What the budget was when the unit was entered, less what its calls have spent. */
  readonly #counted = this.local(TYPE.i32);
  /** The address to go on at. */
  readonly #next = this.local(TYPE.i64);
  readonly #entry = this.local(TYPE.i32);
  /** Was the next page found to be where it was when the unit was compiled? Nothing moves it before the unit is left. */
  readonly #isBeyond = this.local(TYPE.i32);
  /** Is `next` returned to whoever called? Else the unit goes on there itself, as it always does where there is no such local. */
  #isReturn: number | undefined;

  constructor(mode: Mode) {
    super(3);
    this.#mode = mode;
  }

  /** The function begins. */
  begin(): void {
    this.loadBudget();
    this.whereOver(() => {
      this.get(PC);
      this.op(OP.return);
    });
  }

  /** The function ends: goes on at `next`, by returning where that was asked for. */
  end(): void {
    this.countInstructions();
    this.storeBudget();
    this.#returnWhereAsked();
    this.#findNext();
    this.get(this.#next);
    this.get(DEPTH);
    this.#pushUnit();
    this.callIndirect(TYPE_INDEX.unit, OP.returnCallIndirect);
  }

  #returnWhereAsked(): void {
    if (this.#isReturn === undefined) return;
    this.get(this.#isReturn);
    this.open(OP.if);
    this.returnNext();
    this.close();
  }

  /** Pushes the address at a distance from the unit's entry. */
  pushPc(distance: number): void {
    this.get(PC);
    if (distance === 0) return;
    this.i64(distance, distance >> 31);
    this.op(OP.i64Add);
  }

  /** Pushes which instruction to go back to: at a distance, with so many not run that were spent. `goBack` pops it. */
  pushGoBack(distance: number, instructions: number): void {
    this.i32((distance << INSTRUCTIONS_BITS) | instructions);
  }

  /** Sets `next` to an instruction that is gone back to, and gives back what was spent for it and those after it. */
  goBack(): void {
    this.tee(this.#entry);
    this.i32((1 << INSTRUCTIONS_BITS) - 1);
    this.op(OP.i32And);
    this.get(this.budget);
    this.op(OP.i32Add);
    this.set(this.budget);
    this.get(this.#entry);
    this.i32(INSTRUCTIONS_BITS);
    this.op(OP.i32ShrS);
    this.op(OP.i64ExtendI32S);
    this.get(PC);
    this.op(OP.i64Add);
    this.popNext();
  }

  /** Sets `next` to a distance. */
  setNext(distance: number): void {
    this.pushPc(distance);
    this.popNext();
  }

  /** Pops `next`. */
  popNext(): void {
    this.set(this.#next);
  }

  returnNext(): void {
    this.get(this.#next);
    this.op(OP.return);
  }

  /** From now on the function ends by returning `next` to whoever called. @param isCalled whether that is so only in a call */
  returnAtEnd(isCalled: boolean): void {
    if (isCalled) this.get(DEPTH);
    else this.i32(1);
    this.#isReturn ??= this.local(TYPE.i32);
    this.set(this.#isReturn);
  }

  /** Does something where `next` is a distance (`OP.i64Eq`), or is not (`OP.i64Ne`). */
  whereNext(comparison: typeof OP.i64Eq | typeof OP.i64Ne, distance: number, write: () => void): void {
    this.get(this.#next);
    this.pushPc(distance);
    this.op(comparison);
    this.open(OP.if);
    write();
    this.close();
  }

  /** Calls the unit at `next`, and sets `next` to what it returns. Returns `next` where there is none, or no room for a call. */
  callNext(): void {
    this.storeBudget();
    this.get(DEPTH);
    this.i32(MOST_DEPTH);
    this.op(OP.i32GeU);
    this.open(OP.if);
    this.returnNext();
    this.close();
    this.#findNext();
    this.#shiftCount(OP.i32Sub);
    this.get(this.#next);
    this.get(DEPTH);
    this.i32(1);
    this.op(OP.i32Add);
    this.#pushUnit();
    this.callIndirect(TYPE_INDEX.unit);
    this.set(this.#next);
  }

  /** A call has come back, and the unit goes on. */
  resume(): void {
    this.#readBudget();
    this.#shiftCount(OP.i32Add);
  }

  storeBudget(): void {
    this.i32(0);
    this.get(this.budget);
    this.memory(OP.i32Store, STATE.budget);
  }

  /** Takes the budget from memory, and counts from there. */
  loadBudget(): void {
    this.#readBudget();
    this.get(this.budget);
    this.set(this.#counted);
  }

  #readBudget(): void {
    this.i32(0);
    this.memory(OP.i32Load, STATE.budget);
    this.set(this.budget);
  }

  spend(instructions: number): void {
    this.get(this.budget);
    this.i32(instructions);
    this.op(OP.i32Sub);
    this.set(this.budget);
  }

  /** Gives back what was spent for instructions, where a condition is 1, not 0. */
  giveBackWhere(instructions: number, pushCondition: () => void): void {
    this.get(this.budget);
    pushCondition();
    this.i32(instructions);
    this.op(OP.i32Mul);
    this.op(OP.i32Add);
    this.set(this.budget);
  }

  /** Does something where the slice is over. */
  whereOver(write: () => void): void {
    this.get(this.budget);
    this.i32(0);
    this.op(OP.i32LtS);
    this.open(OP.if);
    write();
    this.close();
  }

  /** Counts that the unit was entered. Where that makes it hot, it leaves for that: a call here would have values around it moved each time. */
  countEntry(): void {
    this.#countDown(() => {
      this.i32(0);
      this.get(RECORD);
      this.memory(OP.i32Store, HOT_UNIT_OFFSET);
      this.i32(0);
      this.get(PC);
      this.memory(OP.i64Store, STATE.pc);
      this.i64(1, 0);
      this.op(OP.return);
    });
  }

  /** Counts down to where the unit asks for a larger one in its place. */
  countUse(): void {
    this.#countDown(() => {
      this.get(RECORD);
      this.i32(HOT_UNIT);
      this.call(HELPER.hot);
    });
  }

  #countDown(ask: () => void): void {
    this.get(RECORD);
    this.get(RECORD);
    this.memory(OP.i32Load, UNITS.counter);
    this.i32(1);
    this.op(OP.i32Sub);
    this.tee(this.#entry);
    this.memory(OP.i32Store, UNITS.counter);
    this.get(this.#entry);
    this.op(OP.i32Eqz);
    this.open(OP.if);
    ask();
    this.close();
  }

  /** Adds what was run since the unit was entered, its calls aside, to its kind's count. */
  countInstructions(): void {
    this.get(RECORD);
    this.memory(OP.i32Load, UNITS.counted);
    this.tee(this.#entry);
    this.get(this.#entry);
    this.memory(OP.i64Load, 0);
    this.get(this.#counted);
    this.get(this.budget);
    this.op(OP.i32Sub);
    this.op(OP.i64ExtendI32S);
    this.op(OP.i64Add);
    this.memory(OP.i64Store, 0);
  }

  /** Leaves out of the count what is run elsewhere: moves its start by the budget, back before a call and forth after it. */
  #shiftCount(opcode: number): void {
    this.get(this.#counted);
    this.get(this.budget);
    this.op(opcode);
    this.set(this.#counted);
  }

  /** Does something where the next page is not the one that the unit was compiled with, as far as the fetch table knows. */
  whereNextPageIsOther(write: () => void): void {
    const table = tlbOffset(this.#mode, TLB.fetch);
    this.get(this.#isBeyond);
    this.op(OP.i32Eqz);
    this.open(OP.if);
    this.get(PC);
    this.i64(-PAGE_BYTES, -1);
    this.op(OP.i64And);
    this.i64(PAGE_BYTES, 0);
    this.op(OP.i64Add);
    this.tee(this.#next);
    pushLookAsideIndex(this, this.#next);
    this.tee(this.#entry);
    this.memory(OP.i64Load, table);
    this.op(OP.i64Ne);
    this.get(this.#entry);
    this.memory(OP.i32Load, table + 8);
    this.get(RECORD);
    this.memory(OP.i32Load, UNITS.nextPage);
    this.op(OP.i32Ne);
    this.op(OP.i32Or);
    this.open(OP.if);
    write();
    this.close();
    this.i32(1);
    this.set(this.#isBeyond);
    this.close();
  }

  /** Finds `next` in the jump cache; returns it to the loop that runs units where it is not there. */
  #findNext(): void {
    pushJumpEntry(this, this.#next);
    this.tee(this.#entry);
    this.memory(OP.i64Load, jumpCacheOffset(this.#mode));
    this.get(this.#next);
    this.op(OP.i64Ne);
    this.open(OP.if);
    this.returnNext();
    this.close();
  }

  #pushUnit(): void {
    this.get(this.#entry);
    this.memory(OP.i32Load, jumpCacheOffset(this.#mode) + 12);
    this.get(this.#entry);
    this.memory(OP.i32Load, jumpCacheOffset(this.#mode) + 8);
  }
}
