import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FLOAT } from "../../float/operations.ts";
import { floatOperation } from "../../float/operation.ts";
import { operandsOf } from "../../float/testing/operands.ts";
import type { RawOperands } from "../../float/testing/reference.ts";
import { RAM_BASE, STATE } from "../../memory/layout.ts";
import { BareCore } from "../../processor/testing/bare-core.ts";
import { FLOATING } from "./float.ts";
import { FORMATS } from "./format.ts";
import type { Instruction } from "./instruction.ts";
import { encode } from "./testing/encode.ts";

/** Number in FLOAT of what an instruction does, by its name; undefined for moves and the like. */
function operationOf({ name }: Instruction): number | undefined {
  const [head = "", type = "", from = ""] = name.split(".");
  const key =
    head === "fcvt" ? `${from}To${type.charAt(0).toUpperCase()}${type.slice(1)}` : head.slice(1) + type.toUpperCase();
  return new Map<string, number>(Object.entries(FLOAT)).get(key);
}

/** One instruction with its rounding mode, in RAM, with a jump to itself behind it. Operands: f11 to f13, x11; result: f10 or x10. */
type Place = {
  readonly instruction: Instruction;
  readonly operation: number;
  readonly rounding: number;
  readonly address: number;
};

const ROUNDINGS = [7, 0, 1, 2, 4];
const JUMP_TO_ITSELF = 0x6f;

const PLACES: readonly Place[] = FLOATING.flatMap((instruction) => {
  const operation = operationOf(instruction);
  if (operation === undefined) return [];
  const roundings = FORMATS[instruction.format].rounding === true ? ROUNDINGS : [0];
  return roundings.map((rounding) => ({ instruction, operation, rounding }));
}).map((place, index) => ({ ...place, address: RAM_BASE + index * 8 }));

function createCore(): BareCore {
  const core = new BareCore();
  for (const { instruction, rounding, address } of PLACES)
    core.write(address, [encode(instruction, { rd: 10, rs1: 11, rs2: 12, rs3: 13, rounding }), JUMP_TO_ITSELF]);
  return core;
}

type Circumstances = { readonly flags: number; readonly frm: number; readonly operands: RawOperands };
type Result = { readonly value: bigint; readonly flags: number };

/** Sets the state, has the instruction run, and reads what came of it. */
function runOn(
  core: BareCore,
  { instruction }: Place,
  { flags, frm, operands }: Circumstances,
  run: () => void,
): Result {
  const { view } = core;
  view.setUint32(STATE.floatFlags, flags, true);
  view.setUint32(STATE.floatRounding, frm, true);
  view.setUint32(STATE.floatFast, frm === 0 ? flags & 1 : 0, true);
  const { rs1, rd } = FORMATS[instruction.format];
  for (const [index, operand] of operands.entries()) core.setRegister((rs1 === "float" ? 43 : 11) + index, operand);
  run();
  return { value: core.register(rd === "float" ? 42 : 10), flags: view.getUint32(STATE.floatFlags, true) };
}

const soft = new DataView(new ArrayBuffer(0x2000));

function expected({ operation, rounding }: Place, { flags, frm, operands }: Circumstances): Result {
  soft.setUint32(STATE.floatFlags, flags, true);
  soft.setUint32(STATE.floatRounding, frm, true);
  for (const [index, offset] of [STATE.value, STATE.value2, STATE.value3].entries())
    soft.setBigUint64(offset, operands[index] ?? 0n, true);
  assert.equal(floatOperation(soft, operation | (rounding << 8)), 1);
  return { value: soft.getBigUint64(STATE.value, true), flags: soft.getUint32(STATE.floatFlags, true) };
}

/** Mostly as programs run: nearest-even, and inexact once before. */
const settings = fc.record({
  flags: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 31 })),
  frm: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 4 })),
});

const core = createCore();
const units = core.compile(PLACES.map(({ address }) => address));
const WAYS = {
  interpreted: (place: Place) => (): void => void core.interpret(place.address, 1),
  compiled: (place: Place) => {
    const unit = units[PLACES.indexOf(place)];
    assert.ok(unit);
    return (): void => {
      core.view.setInt32(STATE.budget, 1, true);
      unit(BigInt(place.address));
    };
  },
};

for (const [way, runnerOf] of Object.entries(WAYS)) {
  test(`${way} floating point has the results and flags of the soft one, in all rounding modes, whatever was raised before`, () => {
    for (const place of PLACES) {
      const run = runnerOf(place);
      const circumstances = fc.tuple(settings, operandsOf(place.operation));
      const check = fc.property(circumstances, ([setting, operands]) => {
        const all = { ...setting, operands };
        assert.deepEqual(
          runOn(core, place, all, run),
          expected(place, all),
          `${place.instruction.name} ${place.rounding}`,
        );
      });
      fc.assert(check, { numRuns: 150 });
    }
  });

  test(`${way} floating point of ordinary numbers asks nobody, but for fused operations on f64 and fclass`, () => {
    const asked = new Set<string>();
    for (const place of PLACES) {
      const { instruction, rounding } = place;
      const isToInteger = instruction.format === "float-to-integer";
      if (isToInteger ? rounding !== 1 : rounding !== 0 && rounding !== 7) continue;
      if (rounding === 7 && /^fcvt\.d\.(s|wu?)$/.test(instruction.name)) continue; // Assemblers write 0 where all is exact.
      const isSingle = place.operation === FLOAT.sToD || (place.operation < 32 && place.operation !== FLOAT.dToS);
      const operands: RawOperands = isSingle
        ? [0xffff_ffff_4048_f5c3n, 0xffff_ffff_3f9d_f3b6n, 0xffff_ffff_3f80_0000n]
        : [0x4009_21fb_5444_2d18n, 0x3ff3_be76_c8b4_3958n, 0x3ff0_0000_0000_0000n];
      const before = core.calls.get("float");
      runOn(core, place, { flags: 1, frm: 0, operands }, runnerOf(place));
      if (core.calls.get("float") !== before) asked.add(instruction.name);
    }
    assert.deepEqual([...asked].toSorted(), ["fclass.d", "fclass.s", "fmadd.d", "fmsub.d", "fnmadd.d", "fnmsub.d"]);
  });
}
