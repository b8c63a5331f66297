import { FIRST_FUNCTION, generateInterpreter, type Interpreted } from "../interpreter/generate.ts";
import { generateDecode } from "../interpreter/generate-decode.ts";
import { HANDLER, RECORD } from "../interpreter/records.ts";
import { HELPER, HOST_HELPERS, HOT_UNIT } from "../ir/helpers.ts";
import { pushLookAsideIndex } from "../ir/look-aside-index.ts";
import {
  HOT_UNIT_OFFSET,
  JUMP_CACHE,
  JUMP_LOG,
  JUMPS_FILLED_OFFSET,
  RAM_OFFSET,
  STATE,
  TLB,
} from "../memory/layout.ts";
import { FunctionWriter, type FunctionType, UNIT_TYPE } from "../wasm/function-writer.ts";
import { encodeModule, type ModuleImports } from "../wasm/module.ts";
import { OP, TYPE } from "../wasm/opcodes.ts";
import { generateAccessRegister } from "./register-helper.ts";
import { generateStoreSlowly, generateTranslate } from "./memory-helpers.ts";

/** Types of all functions in generated modules. */
export const TYPES: readonly FunctionType[] = [
  UNIT_TYPE,
  { parameters: [TYPE.i32], results: [TYPE.i32] },
  { parameters: [TYPE.i32, TYPE.i32], results: [TYPE.i32] },
  { parameters: [], results: [TYPE.i32] },
  { parameters: [TYPE.i32, TYPE.i32], results: [] },
  { parameters: [TYPE.i64], results: [TYPE.i64] },
  { parameters: [], results: [] },
  { parameters: [TYPE.i64, TYPE.i64, TYPE.i32, TYPE.i32], results: [TYPE.i32] },
  { parameters: [TYPE.i64, TYPE.i64, TYPE.i64, TYPE.i32, TYPE.i32], results: [TYPE.i32] },
];

/** The types by name. */
export const TYPE_INDEX = {
  unit: 0,
  one: 1,
  two: 2,
  none: 3,
  hot: 4,
  interpret: 5,
  run: 6,
  translate: 7,
  storeSlowly: 8,
} as const;

const HELPER_TYPES: Readonly<Record<keyof typeof HELPER, number>> = {
  load: TYPE_INDEX.one,
  atomic: TYPE_INDEX.one,
  store: TYPE_INDEX.one,
  system: TYPE_INDEX.two,
  float: TYPE_INDEX.one,
  fetch: TYPE_INDEX.none,
  decode: TYPE_INDEX.one,
  hot: TYPE_INDEX.hot,
  loadReserved: TYPE_INDEX.one,
  translateLoad: TYPE_INDEX.translate,
  translateAtomic: TYPE_INDEX.translate,
  translateReserved: TYPE_INDEX.translate,
  storeSlowly: TYPE_INDEX.storeSlowly,
  accessRegister: TYPE_INDEX.two,
};

/** What memory of any size is: the least has room for what lies at fixed places, which V8 then knows to be there. In pages of 64 KiB. */
export const ANY_MEMORY: Omit<ModuleImports["memory"], "shared"> = { pages: RAM_OFFSET / 2 ** 16, maximum: 2 ** 16 };

/** True where a host's memory is shared between threads: modules have to say so. */
export function isShared({ buffer }: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer === "function" && buffer instanceof SharedArrayBuffer;
}

/** The imports that every module of units has. @param shared whether memory is shared */
export function standardImports(shared: boolean): ModuleImports {
  return { memory: { ...ANY_MEMORY, shared }, functions: Object.entries(HELPER_TYPES) };
}

/** What the core module defines: helpers for units to import, and the loop that runs them. */
export type CoreExports = Readonly<Record<(typeof CORE_HELPERS)[number], WebAssembly.ImportValue>> & {
  readonly run: () => void;
};

const CORE_HELPERS = [
  "translateLoad",
  "translateAtomic",
  "translateReserved",
  "storeSlowly",
  "accessRegister",
] as const;

/** The module that is always there: the interpreter, and the loop that goes from unit to unit. @param shared whether memory is shared */
export function encodeCoreModule(shared: boolean, instructions: readonly Interpreted[]): Uint8Array<ArrayBuffer> {
  return encodeModule({
    types: TYPES,
    imports: { ...standardImports(shared), functions: Object.entries(HELPER_TYPES).slice(0, HOST_HELPERS) },
    functions: [
      [TYPE_INDEX.translate, generateTranslate(HELPER.load)],
      [TYPE_INDEX.translate, generateTranslate(HELPER.atomic)],
      [TYPE_INDEX.translate, generateTranslate(HELPER.loadReserved)],
      [TYPE_INDEX.storeSlowly, generateStoreSlowly()],
      [TYPE_INDEX.two, generateAccessRegister()],
      [TYPE_INDEX.interpret, generateInterpreter(instructions)],
      [TYPE_INDEX.run, generateRun(FIRST_FUNCTION)],
      [TYPE_INDEX.two, generateDecode()],
    ],
    exports: [
      ...CORE_HELPERS.map((name) => [name, HELPER[name]] as const),
      ["interpret", FIRST_FUNCTION], // Whoever keeps machine code looks at what is exported: this is most of it.
      ["run", FIRST_FUNCTION + 1],
    ],
  });
}

/** From an index of JUMP_CACHE to an offset. */
const ENTRY_SHIFT = Math.log2(JUMP_CACHE.entryBytes);

/** Pushes the offset of an address's entry in a jump cache that begins at 0. */
export function pushJumpEntry(writer: FunctionWriter, pc: number): void {
  writer.get(pc);
  writer.op(OP.i32WrapI64);
  writer.i32(ENTRY_SHIFT - 1);
  writer.op(OP.i32Shl);
  writer.get(pc);
  writer.op(OP.i32WrapI64);
  writer.i32(12 - ENTRY_SHIFT);
  writer.op(OP.i32ShrU);
  writer.op(OP.i32Xor);
  writer.i32((JUMP_CACHE.entries - 1) << ENTRY_SHIFT);
  writer.op(OP.i32And);
}

/** `run`: from STATE.pc on, unit after unit, interpreted in between, until the slice is over or STATE.leave says so. */
function generateRun(interpret: number): Uint8Array {
  const writer = new FunctionWriter(0);
  const pc = writer.local(TYPE.i64);
  const mode = writer.local(TYPE.i32);
  const entry = writer.local(TYPE.i32);
  const record = writer.local(TYPE.i32);
  loadPc(writer, pc);
  const again = writer.open(OP.loop);
  const done = writer.open(OP.block);
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.budget);
  writer.i32(0);
  writer.op(OP.i32LtS);
  writer.branch(OP.brIf, done);
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.mode);
  writer.set(mode);
  pushJumpEntry(writer, pc);
  writer.get(mode);
  writer.i32(JUMP_CACHE.modeBytes);
  writer.op(OP.i32Mul);
  writer.op(OP.i32Add);
  writer.tee(entry);
  writer.memory(OP.i64Load, JUMP_CACHE.offset);
  writer.get(pc);
  writer.op(OP.i64Eq);
  writer.open(OP.if);
  writeCall(writer, pc, entry);
  writer.op(OP.else);
  writeInterpret(writer, { pc, mode, entry, record, interpret, again });
  writer.close();
  writer.get(pc);
  writer.i64(1, 0);
  writer.op(OP.i64Eq);
  writer.open(OP.if);
  loadPc(writer, pc);
  writeTellHot(writer, record);
  writer.close();
  writer.i32(0);
  writer.memory(OP.i32Load, STATE.leave);
  writer.op(OP.i32Eqz);
  writer.branch(OP.brIf, again);
  writer.close();
  writer.i32(0);
  writer.get(pc);
  writer.memory(OP.i64Store, STATE.pc);
  writer.close();
  return writer.finish();
}

function loadPc(writer: FunctionWriter, pc: number): void {
  writer.i32(0);
  writer.memory(OP.i64Load, STATE.pc);
  writer.set(pc);
}

/** Tells the slow side of the unit that has left as it is hot, if one has. */
function writeTellHot(writer: FunctionWriter, record: number): void {
  writer.i32(0);
  writer.memory(OP.i32Load, HOT_UNIT_OFFSET);
  writer.tee(record);
  writer.open(OP.if);
  writer.get(record);
  writer.i32(HOT_UNIT);
  writer.call(HELPER.hot);
  writer.i32(0);
  writer.i32(0);
  writer.memory(OP.i32Store, HOT_UNIT_OFFSET);
  writer.close();
}

function writeCall(writer: FunctionWriter, pc: number, entry: number): void {
  writer.get(pc);
  writer.i32(0);
  writer.get(entry);
  writer.memory(OP.i32Load, JUMP_CACHE.offset + 12);
  writer.get(entry);
  writer.memory(OP.i32Load, JUMP_CACHE.offset + 8);
  writer.callIndirect(TYPE_INDEX.unit);
  writer.set(pc);
}

type RunLocals = {
  readonly pc: number;
  readonly mode: number;
  readonly entry: number;
  readonly record: number;
  readonly interpret: number;
  readonly again: number;
};

/** Where a unit begins here, notes it in the jump cache; else interprets. */
function writeInterpret(writer: FunctionWriter, { pc, mode, entry, record, interpret, again }: RunLocals): void {
  pushLookAsideIndex(writer, pc);
  writer.get(mode);
  writer.i32(TLB.modeBytes);
  writer.op(OP.i32Mul);
  writer.op(OP.i32Add);
  writer.tee(record);
  writer.memory(OP.i64Load, TLB.offset + TLB.fetch);
  writer.get(pc);
  writer.i64(-4096, -1);
  writer.op(OP.i64And);
  writer.op(OP.i64Eq);
  writer.open(OP.if);
  writer.get(record);
  writer.memory(OP.i32Load, TLB.offset + TLB.fetch + 8);
  writer.get(pc);
  writer.op(OP.i32WrapI64);
  writer.i32(0xffe);
  writer.op(OP.i32And);
  writer.i32(3);
  writer.op(OP.i32Shl);
  writer.op(OP.i32Add);
  writer.tee(record);
  writer.memory(OP.i32Load16U, RECORD.handler);
  writer.i32(HANDLER.enterUnit);
  writer.op(OP.i32Eq);
  writer.open(OP.if);
  noteUnit(writer, { pc, mode, entry, record });
  writer.branch(OP.br, again);
  writer.close();
  writer.close();
  writer.get(pc);
  writer.call(interpret);
  writer.set(pc);
}

function noteUnit(writer: FunctionWriter, { pc, mode, entry, record }: Omit<RunLocals, "interpret" | "again">): void {
  logEntry(writer, mode, entry);
  writer.get(entry);
  writer.get(pc);
  writer.memory(OP.i64Store, JUMP_CACHE.offset);
  writer.get(entry);
  writer.get(record);
  writer.memory(OP.i32Load, RECORD.immediate);
  writer.tee(record);
  writer.memory(OP.i32Store, JUMP_CACHE.offset + 12);
  writer.get(entry);
  writer.get(record);
  writer.memory(OP.i32Load, 0);
  writer.memory(OP.i32Store, JUMP_CACHE.offset + 8);
}

/** Writes down that an entry of a jump cache is being filled. */
function logEntry(writer: FunctionWriter, mode: number, entry: number): void {
  const filled = writer.local(TYPE.i32);
  writer.get(mode);
  writer.i32(2);
  writer.op(OP.i32Shl);
  writer.tee(filled);
  writer.get(filled);
  writer.memory(OP.i32Load, JUMPS_FILLED_OFFSET);
  writer.tee(filled);
  writer.i32(1);
  writer.op(OP.i32Add);
  writer.memory(OP.i32Store, JUMPS_FILLED_OFFSET);
  writer.get(filled);
  writer.i32(JUMP_LOG.entries - 1);
  writer.op(OP.i32And);
  writer.i32(2);
  writer.op(OP.i32Shl);
  writer.get(mode);
  writer.i32(JUMP_LOG.modeBytes);
  writer.op(OP.i32Mul);
  writer.op(OP.i32Add);
  writer.get(entry);
  writer.memory(OP.i32Store, JUMP_LOG.offset);
}
