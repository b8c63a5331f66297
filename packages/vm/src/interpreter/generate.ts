import { KIND } from "../ir/block.ts";
import { HELPER } from "../ir/helpers.ts";
import { pushLookAsideIndex } from "../ir/look-aside-index.ts";
import { FIELD_REGISTER, Lowering } from "../ir/lower.ts";
import type { LoweringTarget } from "../ir/lowering-target.ts";
import type { Semantics } from "../ir/port.ts";
import { IrRecorder } from "../ir/recorder.ts";
import { registerOffset, STATE, TLB } from "../memory/layout.ts";
import { FunctionWriter } from "../wasm/function-writer.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { PAGE_RECORDS_BYTES, RECORD, STRADDLE_DISTANCE } from "./records.ts";

/** What a description of an instruction must tell to be interpreted. */
export type Interpreted = { readonly semantics: Semantics };

const FIELD_OFFSETS = [RECORD.rd, RECORD.rs1, RECORD.rs2, RECORD.rs3];

/** Locals of the interpreter. The parameter is the address to begin at. */
type Locals = {
  readonly pc: number;
  /** Record of the current instruction; of the page's first one; address of the page. */
  readonly record: number;
  readonly page: number;
  readonly pageAddress: number;
  /** Bytes of records that a jump may reach without looking up its page: 0 while an instruction that straddles pages runs. */
  readonly limit: number;
  readonly budget: number;
  /** What the budget was when instructions were last counted. */
  readonly counted: number;
  /** Offset of the current mode's look-aside buffers, from the first mode's. */
  readonly bank: number;
  readonly displacement: number;
  readonly entry: number;
};

/** Labels that handlers go to. */
type Labels = { readonly next: number; readonly jump: number; readonly jumpTo: number; readonly resolve: number };

/**
 * Writes the interpreter: one function `(pc: i64) -> i64` that runs decoded instructions until it reaches a compiled unit, the slice is
 * over, or something has to be left to the slow side. It returns the next address, or 1 where STATE.pc holds it.
 */
export function generateInterpreter(instructions: readonly Interpreted[]): Uint8Array {
  const writer = new FunctionWriter(1);
  const locals: Locals = {
    pc: 0,
    record: writer.local(TYPE.i32),
    page: writer.local(TYPE.i32),
    limit: writer.local(TYPE.i32),
    budget: writer.local(TYPE.i32),
    counted: writer.local(TYPE.i32),
    bank: writer.local(TYPE.i32),
    displacement: writer.local(TYPE.i32),
    entry: writer.local(TYPE.i32),
    pageAddress: writer.local(TYPE.i64),
  };
  writeStart(writer, locals);
  const resolve = writer.open(OP.loop);
  writeResolve(writer, locals);
  const target = writer.open(OP.loop);
  writeTarget(writer, locals);
  const next = writer.open(OP.loop);
  writer.get(locals.budget);
  writer.i32(1);
  writer.op(OP.i32Sub);
  writer.set(locals.budget);
  const jumpTo = writer.open(OP.block);
  const jump = writer.open(OP.block);
  writeHandlers(writer, locals, { next, jump, jumpTo, resolve }, instructions);
  writer.close();
  writeJump(writer, locals, target, resolve);
  writer.close();
  writeJumpTo(writer, locals, target, resolve);
  for (let loops = 0; loops < 3; loops++) writer.close();
  writer.op(OP.unreachable);
  return writer.finish();
}

function writeStart(writer: FunctionWriter, { budget, counted, bank }: Locals): void {
  writeLoadBudget(writer, budget, counted);
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.mode);
  writer.i32(TLB.modeBytes);
  writer.op(OP.i32Mul);
  writer.set(bank);
}

/** Finds the records of the page that `pc` lies in. */
function writeResolve(
  writer: FunctionWriter,
  { pc, page, pageAddress, record, limit, entry, bank, budget, counted }: Locals,
): void {
  writer.get(pc);
  writer.i64(-4096, -1);
  writer.op(OP.i64And);
  writer.set(pageAddress);
  const found = writer.open(OP.block);
  pushEntry(writer, pc, bank);
  writer.tee(entry);
  writer.memory(OP.i64Load, TLB.offset + TLB.fetch);
  writer.get(pageAddress);
  writer.op(OP.i64Eq);
  writer.branch(OP.brIf, found);
  writer.i32(0);
  writer.get(pc);
  writer.memory(OP.i64Store, STATE.pc);
  writer.call(HELPER.fetch);
  writer.op(OP.i32Eqz);
  writer.open(OP.if);
  // A handler that can't be fetched either must not keep the host in here.
  writer.get(budget);
  writer.i32(1);
  writer.op(OP.i32Sub);
  writer.set(budget);
  writeLeave(writer, { budget, counted });
  writer.close();
  writer.close();
  writer.get(entry);
  writer.memory(OP.i32Load, TLB.offset + TLB.fetch + 8);
  writer.tee(page);
  pushPageOffset(writer, pc);
  writer.op(OP.i32Add);
  writer.set(record);
  writer.i32(PAGE_RECORDS_BYTES);
  writer.set(limit);
}

/** Pushes the scaled index of an address in a look-aside buffer, the mode's bank added. */
function pushEntry(writer: FunctionWriter, address: number, bank: number): void {
  pushLookAsideIndex(writer, address);
  writer.get(bank);
  writer.op(OP.i32Add);
}

/** Pushes the distance of an address's record from its page's first. */
function pushPageOffset(writer: FunctionWriter, address: number): void {
  writer.get(address);
  writer.op(OP.i32WrapI64);
  writer.i32(0xffe);
  writer.op(OP.i32And);
  writer.i32(3);
  writer.op(OP.i32Shl);
}

/** A jump has arrived: counts it, and ends the slice where it is over. */
function writeTarget(writer: FunctionWriter, locals: Locals): void {
  const { record, budget, displacement } = locals;
  writer.get(budget);
  writer.i32(0);
  writer.op(OP.i32LtS);
  writer.open(OP.if);
  writeStoreBudget(writer, locals);
  pushPc(writer, locals);
  writer.op(OP.return);
  writer.close();
  writer.get(record);
  writer.get(record);
  writer.memory(OP.i32Load16U, RECORD.counter);
  writer.i32(1);
  writer.op(OP.i32Sub);
  writer.tee(displacement);
  writer.memory(OP.i32Store16, RECORD.counter);
  writer.get(displacement);
  writer.op(OP.i32Eqz);
  writer.open(OP.if);
  writer.get(record);
  pushPc(writer, locals);
  writer.op(OP.i32WrapI64);
  writer.call(HELPER.hot);
  writer.close();
}

function writeStoreBudget(writer: FunctionWriter, locals: Pick<Locals, "budget" | "counted">): void {
  writer.i32(0);
  writer.get(locals.budget);
  writer.memory(OP.i32Store, STATE.budget);
  writeCount(writer, locals);
}

function writeLoadBudget(writer: FunctionWriter, budget: number, counted: number): void {
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.budget);
  writer.tee(budget);
  writer.set(counted);
}

/** Adds what was run since the budget was counted last. */
function writeCount(writer: FunctionWriter, { budget, counted }: Pick<Locals, "budget" | "counted">): void {
  writer.i32(0);
  writer.i32(0);
  writer.memory(OP.i64Load, STATE.interpreted);
  writer.get(counted);
  writer.get(budget);
  writer.tee(counted);
  writer.op(OP.i32Sub);
  writer.op(OP.i64ExtendI32S);
  writer.op(OP.i64Add);
  writer.memory(OP.i64Store, STATE.interpreted);
}

function writeLeave(writer: FunctionWriter, locals: Pick<Locals, "budget" | "counted">): void {
  writeStoreBudget(writer, locals);
  writer.i64(1, 0);
  writer.op(OP.return);
}

/** Pushes the current instruction's address. */
function pushPc(writer: FunctionWriter, { record, page, pageAddress }: Locals): void {
  writer.get(pageAddress);
  writer.get(record);
  writer.get(page);
  writer.op(OP.i32Sub);
  writer.i32(3);
  writer.op(OP.i32ShrU);
  writer.op(OP.i64ExtendI32U);
  writer.op(OP.i64Add);
}

/** A jump by a displacement: within the page it needs no look-up. */
function writeJump(writer: FunctionWriter, locals: Locals, target: number, resolve: number): void {
  const { record, page, limit, displacement, pc, entry } = locals;
  writer.get(record);
  writer.get(displacement);
  writer.i32(3);
  writer.op(OP.i32Shl);
  writer.op(OP.i32Add);
  writer.tee(entry);
  writer.get(page);
  writer.op(OP.i32Sub);
  writer.get(limit);
  writer.op(OP.i32LtU);
  writer.open(OP.if);
  writer.get(entry);
  writer.set(record);
  writer.branch(OP.br, target);
  writer.close();
  pushPc(writer, locals);
  writer.get(displacement);
  writer.op(OP.i64ExtendI32S);
  writer.op(OP.i64Add);
  writer.set(pc);
  writer.branch(OP.br, resolve);
}

/** A jump to the address in `pc`. */
function writeJumpTo(writer: FunctionWriter, locals: Locals, target: number, resolve: number): void {
  const { record, page, pageAddress, limit, pc } = locals;
  writer.get(pc);
  writer.i64(-4096, -1);
  writer.op(OP.i64And);
  writer.get(pageAddress);
  writer.op(OP.i64Ne);
  writer.branch(OP.brIf, resolve);
  writer.get(limit);
  writer.op(OP.i32Eqz);
  writer.branch(OP.brIf, resolve);
  writer.get(page);
  pushPageOffset(writer, pc);
  writer.op(OP.i32Add);
  writer.set(record);
  writer.branch(OP.br, target);
}

function writeHandlers(
  writer: FunctionWriter,
  locals: Locals,
  labels: Labels,
  instructions: readonly Interpreted[],
): void {
  const special = [writeUndecoded, writeEnterUnit, writePageEnd];
  const count = special.length + instructions.length;
  const cases: number[] = [];
  for (let index = 0; index < count; index++) cases.unshift(writer.open(OP.block));
  writer.get(locals.record);
  writer.memory(OP.i32Load16U, RECORD.handler);
  writer.table(cases.slice(0, -1), cases.at(-1) ?? 0);
  for (const write of special) {
    writer.close();
    write(writer, locals, labels);
  }
  const lowering = createLowering(writer, locals, labels);
  for (const { semantics } of instructions) {
    writer.close();
    const recorder = new IrRecorder();
    recorder.begin(undefined);
    const [rd, rs1, rs2, rs3] = [0, 1, 2, 3].map((field) => FIELD_REGISTER + field) as [number, number, number, number];
    semantics(recorder, { rd, rs1, rs2, rs3 });
    lowering.lower(recorder.block);
    writeAdvance(writer, locals);
    writer.branch(OP.br, labels.next);
  }
}

function writeAdvance(writer: FunctionWriter, { record }: Locals): void {
  writer.get(record);
  writer.get(record);
  writer.memory(OP.i32Load16U, RECORD.step);
  writer.op(OP.i32Add);
  writer.set(record);
}

/** Has the record decoded, and runs it; where it straddles pages, in a place of its own. */
function writeUndecoded(writer: FunctionWriter, locals: Locals, { next }: Labels): void {
  const { record, page, limit, budget, counted, entry } = locals;
  writer.i32(0);
  pushPc(writer, locals);
  writer.memory(OP.i64Store, STATE.pc);
  writer.get(record);
  writer.get(page);
  writer.call(DECODE_FUNCTION);
  writer.tee(entry);
  writer.op(OP.i32Eqz);
  writer.open(OP.if);
  writeLeave(writer, { budget, counted });
  writer.close();
  writer.get(entry);
  writer.get(record);
  writer.op(OP.i32Ne);
  writer.open(OP.if);
  writer.get(entry);
  writer.tee(record);
  writer.i32(STRADDLE_DISTANCE);
  writer.op(OP.i32Sub);
  writer.set(page);
  writer.i32(0);
  writer.set(limit);
  writer.close();
  writer.get(budget);
  writer.i32(1);
  writer.op(OP.i32Add);
  writer.set(budget);
  writer.branch(OP.br, next);
}

function writeEnterUnit(writer: FunctionWriter, locals: Locals): void {
  writer.get(locals.budget);
  writer.i32(1);
  writer.op(OP.i32Add);
  writer.set(locals.budget);
  writeStoreBudget(writer, locals);
  pushPc(writer, locals);
  writer.op(OP.return);
}

function writePageEnd(writer: FunctionWriter, locals: Locals, { resolve }: Labels): void {
  writer.get(locals.budget);
  writer.i32(1);
  writer.op(OP.i32Add);
  writer.set(locals.budget);
  pushPc(writer, locals);
  writer.set(locals.pc);
  writer.branch(OP.br, resolve);
}

/** Number of a unit module's first function, after all helpers. */
export const FIRST_FUNCTION: number = Object.keys(HELPER).length;

/** Number of `generateDecode`'s function in the core module, after the interpreter and `run`. */
const DECODE_FUNCTION = FIRST_FUNCTION + 2;

function createLowering(writer: FunctionWriter, locals: Locals, labels: Labels): Lowering {
  const leave = (): void => {
    writer.i64(1, 0);
    writer.op(OP.return);
  };
  const target: LoweringTarget = {
    getRegister: (register) => {
      pushRegister(writer, locals, register);
      writer.memory(OP.i64Load, 0);
    },
    prepareSet: (register) => pushRegister(writer, locals, register),
    setRegister: () => writer.memory(OP.i64Store, 0),
    field: (kind) => pushField(writer, locals, kind),
    pc: (distance) => {
      pushPc(writer, locals);
      if (distance === 0) return;
      writer.get(locals.record);
      writer.memory(OP.i64Load16U, RECORD.step);
      writer.i64(3, 0);
      writer.op(OP.i64ShrU);
      writer.op(OP.i64Add);
    },
    storePc: () => {
      writer.i32(0);
      pushPc(writer, locals);
      writer.memory(OP.i64Store, STATE.pc);
    },
    storeBudget: () => writeStoreBudget(writer, locals),
    loadBudget: () => writeLoadBudget(writer, locals.budget, locals.counted),
    budget: locals.budget,
    site: (size) => {
      pushPc(writer, locals);
      writer.i32(size);
    },
    flush: () => undefined,
    prepareRetry: () => undefined,
    skip: () => undefined,
    leave,
    canRetry: () => false,
    retry: leave,
    pageMemo: () => undefined,
    tlb: (kind) => {
      writer.get(locals.bank);
      writer.op(OP.i32Add);
      return TLB.offset + TLB[kind];
    },
    terminator: createTerminator(writer, locals, labels),
    instruction: () => undefined,
  };
  return new Lowering(writer, target);
}

/** Ends of blocks: all go to what the handlers share. */
function createTerminator(writer: FunctionWriter, locals: Locals, labels: Labels): LoweringTarget["terminator"] {
  return (kind, value, push) => {
    if (kind === KIND.jumpTo) {
      push(value);
      writer.set(locals.pc);
      return writer.branch(OP.br, labels.jumpTo);
    }
    if (kind === KIND.branch) push(value);
    if (kind === KIND.branch) writer.open(OP.if);
    writer.get(locals.record);
    writer.memory(OP.i32Load, RECORD.immediate);
    writer.set(locals.displacement);
    writer.branch(OP.br, labels.jump);
    if (kind === KIND.branch) writer.close();
  };
}

function pushRegister(writer: FunctionWriter, { record }: Locals, register: number): void {
  if (register < FIELD_REGISTER) return writer.i32(registerOffset(register));
  writer.get(record);
  writer.memory(OP.i32Load16U, FIELD_OFFSETS[register - FIELD_REGISTER] ?? 0);
}

function pushField(writer: FunctionWriter, { record }: Locals, kind: number): void {
  writer.get(record);
  if (kind === KIND.rounding) return writer.memory(OP.i32Load16U, RECORD.rounding);
  writer.memory(kind === KIND.immediate64 ? OP.i64Load32S : OP.i32Load, RECORD.immediate);
}
