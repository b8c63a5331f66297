import { FLOAT_EDGES, INTEGER_EDGES } from "../riscv/isa/testing/operands.ts";
import { Assembler } from "./assembler.ts";
import { Random } from "./random.ts";
import {
  COUNTERS,
  emitItems,
  FUNCTION_COUNTERS,
  type StreamContext,
  type StreamFunction,
  type StreamOptions,
} from "./stream-context.ts";
import { callIndirectly, hotLoop, inFrame } from "./stream-control.ts";
import { EMIT } from "./stream-items.ts";
import { BAD_ADDRESSES, BLOCK, FINISH, PROGRAM_BYTES, ROLE } from "./stream-layout.ts";

/** Instructions that a program runs, at most about. */
const PROGRAM_COST = 60_000;
const FUNCTION_COST = 2000;

/** Makes a program: the same one from the same options. @returns all of its memory, to be placed at `base` */
export function generateProgram(base: number, options: StreamOptions): Uint8Array {
  const random = new Random(options.seed, 1);
  const coding = new Random(options.seed, 2);
  const assembler = new Assembler(base + BLOCK.code, () => coding.chance(60));
  const root = { assembler, options, turns: 1, depth: 3, emit: EMIT };
  const functions = emitFunctions(root, random.between(2, 5));
  const entry = assembler.here();
  emitMain(root, functions, random.between(8, 24));
  assembler.address(ROLE.address, FINISH);
  assembler.op("jalr", { rd: 0, rs1: ROLE.address, immediate: 0 });
  const { code, addressOf } = assembler.assemble();
  if (code.length > PROGRAM_BYTES - BLOCK.code) throw new RangeError(`program ${options.seed} is too long`);
  const memory = new Uint8Array(PROGRAM_BYTES);
  memory.set(code, BLOCK.code);
  fillBlock(new DataView(memory.buffer), { base, entry: addressOf(entry), options });
  return memory;
}

type Root = Pick<StreamContext, "assembler" | "options" | "turns" | "depth" | "emit">;

/** Parts have seeds of their own, so that one more or less changes no other. */
function emitMain(root: Root, functions: readonly StreamFunction[], count: number): void {
  const { seed, without } = root.options;
  for (let part = 0; part <= count; part++) {
    if (without?.has(part) === true) continue;
    const random = new Random(seed, 3, part);
    const context = { ...root, random, counters: COUNTERS, functions, budget: { left: PROGRAM_COST / count } };
    if (part === count / 2 || part === 0) hotLoop({ ...context, budget: { left: PROGRAM_COST / 2 } });
    else EMIT.item(context);
  }
}

/** Each may call those that were made before it. */
function emitFunctions(root: Root, count: number): readonly StreamFunction[] {
  const functions: StreamFunction[] = [];
  for (let index = 0; index < count; index++) {
    const random = new Random(root.options.seed, 4, index);
    const budget = { left: FUNCTION_COST };
    const context = { ...root, random, counters: FUNCTION_COUNTERS, functions: [...functions], budget };
    functions.push(emitFunction(context));
  }
  return functions;
}

const COUNTER_PLACE = 8;

function emitFunction(context: StreamContext): StreamFunction {
  const { assembler, random, budget } = context;
  if (random.chance(60)) assembler.padTo(4096 - 2 * random.between(1, 24));
  const start = assembler.here();
  const [counter = 0] = FUNCTION_COUNTERS;
  inFrame(context, () => {
    assembler.op("sd", { rs2: counter, rs1: ROLE.stack, immediate: COUNTER_PLACE });
    emitItems(context, random.between(3, 12));
    assembler.op("ld", { rd: counter, rs1: ROLE.stack, immediate: COUNTER_PLACE });
  });
  const call = (caller: StreamContext): void => {
    if (caller.random.chance(40)) callIndirectly(caller, start);
    else caller.assembler.jump("jal", { rd: ROLE.link }, start);
  };
  return { call, cost: Math.max(20, FUNCTION_COST - budget.left) };
}

type Filling = { readonly base: number; readonly entry: number; readonly options: StreamOptions };

function fillBlock(view: DataView, { base, entry, options }: Filling): void {
  const random = new Random(options.seed, 5);
  const set = (offset: number, value: bigint): void => view.setBigUint64(offset, value, true);
  const value = (): bigint =>
    random.chance(50) ? random.pick([...INTEGER_EDGES, ...FLOAT_EDGES]) : random.doubleword();
  for (let place = 0; place < BLOCK.scratchBytes; place += 8) set(BLOCK.scratchStart + place, value());
  for (let index = 0; index < 64; index++) set(BLOCK.registers + index * 8, value());
  for (let index = 0; index < 64; index++) set(BLOCK.pool + index * 8, BAD_ADDRESSES[index - 60] ?? value());
  set(BLOCK.entry, BigInt(entry));
  set(BLOCK.scratch, BigInt(base + BLOCK.scratchStart));
  set(BLOCK.privilege, BigInt(options.privilege));
  const roles: readonly (readonly [role: number, offset: number])[] = [
    [ROLE.stack, BLOCK.stackTop],
    [ROLE.pool, BLOCK.pool],
    [ROLE.scratch, BLOCK.scratchStart + 0x800],
    [ROLE.boundary, BLOCK.scratchStart + 0x1000],
    [ROLE.block, 0],
  ];
  for (const [role, offset] of roles) set(BLOCK.registers + role * 8, BigInt(base + offset));
}
