import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileUnit } from "../jit/compile-unit.ts";
import type { Shape } from "../jit/request.ts";
import { MODE, RAM_BASE, RAM_OFFSET, registerOffset, STATE } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import type { DecodedInstruction } from "../riscv/isa/decode.ts";
import { OP } from "../wasm/opcodes.ts";
import type { Semantics } from "./port.ts";
import { DirectBuilder } from "./testing/direct-builder.ts";
import { DATA_ADDRESS, randomSteps, semanticsOf, type Step } from "./testing/random-semantics.ts";

/** A made-up instruction: what it does, and on what. */
type Made = { readonly decoded: DecodedInstruction; readonly steps: readonly Step[] };

const REGISTERS = [0, 5, 6, 7];
const DATA_BYTES = 0x800;

const registers = fc.constantFrom(...REGISTERS);
const instructions = fc
  .record({ steps: randomSteps, rd: registers, rs1: registers, rs2: registers, immediate: fc.integer() })
  .map(({ steps, ...fields }) => ({
    steps,
    decoded: { ...fields, instruction: 0, rs3: 0, rounding: 0, length: 4 as const },
  }));
const programs = fc.array(instructions, { minLength: 1, maxLength: 4 });
const values = fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { minLength: 4, maxLength: 4 });

/** A program, and what registers hold before. */
type Case = readonly [program: readonly Made[], contents: readonly bigint[]];

/** What a program may have changed. */
type Outcome = { readonly registers: readonly bigint[]; readonly state: bigint; readonly data: string };

function prepare(view: DataView, contents: readonly bigint[], data: number): void {
  REGISTERS.forEach((register, index) => {
    view.setBigUint64(registerOffset(register), register === 0 ? 0n : (contents[index] ?? 0n), true);
  });
  view.setBigUint64(STATE.value2, contents[0] ?? 0n, true);
  for (let offset = 0; offset < DATA_BYTES; offset++) view.setUint8(data + offset, (offset * 167) & 0xff);
}

function outcomeOf(view: DataView, data: number): Outcome {
  return {
    registers: REGISTERS.map((register) => view.getBigUint64(registerOffset(register), true)),
    state: view.getBigUint64(STATE.value2, true),
    data: Buffer.from(view.buffer, view.byteOffset + data, DATA_BYTES).toString("hex"),
  };
}

const MODEL_DATA = 0x2000;

function runDirectly(program: readonly Made[], contents: readonly bigint[], start: number): Outcome {
  const view = new DataView(new ArrayBuffer(MODEL_DATA + DATA_BYTES));
  prepare(view, contents, MODEL_DATA);
  const memory = { view, ramOffset: MODEL_DATA, ramBytes: DATA_BYTES, ramBase: BigInt(DATA_ADDRESS) };
  const builder = new DirectBuilder(memory, { system: () => 1, float: () => 1 });
  program.forEach(({ decoded, steps }, index) => builder.run(BigInt(start + index * 4), decoded, semanticsOf(steps)));
  return outcomeOf(view, MODEL_DATA);
}

const DATA = DATA_ADDRESS - RAM_BASE + RAM_OFFSET;
const STAY: Semantics = (builder, { rd }) => builder.jump(rd);
const NO_OPERANDS = { rd: 0, rs1: 0, rs2: 0, rs3: 0, immediate: 0, rounding: 0, length: 4 };

/** Programs lie one behind the other, each with a jump to itself at its end. */
function startOf(cases: readonly Case[], index: number): number {
  return cases.slice(0, index).reduce((start, [program]) => start + 4 * (program.length + 1), RAM_BASE);
}

/** All programs in one interpreter: each instruction of each is one of its own, named by its bits. */
function runInterpreted(cases: readonly Case[]): readonly Outcome[] {
  const all = cases.flatMap(([program]) => [
    ...program.map(({ decoded, steps }) => ({ decoded, semantics: semanticsOf(steps) })),
    { decoded: NO_OPERANDS, semantics: STAY },
  ]);
  const core = new BareCore({
    instructions: all,
    hasRounding: () => false,
    decode: (bits, into) => void Object.assign(into, all[bits >>> 2]?.decoded, { instruction: bits >>> 2 }),
  });
  core.write(
    RAM_BASE,
    all.map((_, index) => (index << 2) | 3),
  );
  return cases.map(([program, contents], index) => {
    prepare(core.view, contents, DATA);
    core.interpret(startOf(cases, index), program.length);
    return outcomeOf(core.view, DATA);
  });
}

const flow = "next" as const;
const STRAIGHT = { start: 0, flow, call: "none", successors: [], returnsTo: undefined, isBeyond: false } as const;

function compileProgram(program: readonly Made[], shape: Shape): Uint8Array {
  const code = program.map(({ decoded }, index) => ({ ...decoded, instruction: index, distance: index * 4, flow }));
  const kind = { mode: MODE.machine, shape, border: 4096 };
  return compileUnit([{ ...STRAIGHT, instructions: code }], kind, (index) => semanticsOf(program[index]?.steps ?? []));
}

const BUDGET = 1000;

/** Each program with a unit for each instruction that one may begin with: that is where a unit goes on which has left an access to others. */
function runCompiled(cases: readonly Case[], core = new BareCore()): readonly Outcome[] {
  return cases.map(([program, contents], at) => {
    const rests = program.map((_, index) => program.slice(index));
    const units = core.instantiate(rests.map((rest) => compileProgram(rest, at % 2 === 0 ? "block" : "region")));
    const start = startOf(cases, at);
    prepare(core.view, contents, DATA);
    core.view.setInt32(STATE.budget, BUDGET, true);
    let pc = start;
    // Each unit runs its first instruction at least.
    for (let entered = 0; entered < program.length; entered++) pc = Number(units[(pc - start) / 4]?.(BigInt(pc)) ?? pc);
    assert.equal(pc, start + program.length * 4);
    assert.equal(core.view.getInt32(STATE.budget, true), BUDGET - program.length, "each instruction was run once");
    return outcomeOf(core.view, DATA);
  });
}

function runCompiledWithMap(cases: readonly Case[]): readonly Outcome[] {
  const core = new BareCore();
  core.map(DATA_ADDRESS);
  return runCompiled(cases, core);
}

for (const [way, run] of [
  ["interpreted", runInterpreted],
  ["compiled", runCompiled],
  ["compiled, with accesses that are found in the look-aside buffers,", runCompiledWithMap],
] as const)
  test(`random instructions, whose registers coincide, do the same ${way} as when they are carried out directly`, () => {
    const cases = fc.array(fc.tuple(programs, values), { minLength: 20, maxLength: 20 });
    const check = fc.property(cases, (list) => {
      const outcomes = run(list);
      const expected = list.map((one, index) => runDirectly(...one, startOf(list, index)));
      assert.deepEqual(outcomes, expected);
    });
    fc.assert(check, { numRuns: 20 });
  });

/** A unit of one instruction. */
function compileAlone(semantics: Semantics): Uint8Array {
  const code = { ...NO_OPERANDS, length: 4 as const, instruction: 0, rd: 5, rs1: 6, distance: 0, flow } as const;
  return compileUnit(
    [{ ...STRAIGHT, instructions: [code] }],
    { mode: MODE.machine, shape: "block", border: 4096 },
    () => semantics,
  );
}

test("pure operations that only lead to such as nothing uses are not written, before a choice neither", () => {
  const choose =
    (hasUnused: boolean): Semantics =>
    (builder, { rd, rs1 }) => {
      const value = builder.get(rs1);
      if (hasUnused) builder.op(OP.i64Mul, builder.op(OP.i64Add, value, value), value);
      const isZero = builder.op(OP.i64Eqz, value);
      builder.set(
        rd,
        builder.choose(isZero, value, () => builder.state(OP.i64Load, STATE.value2)),
      );
    };
  assert.deepEqual(compileAlone(choose(true)), compileAlone(choose(false)));
});
