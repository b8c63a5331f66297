import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { OPERATION } from "../../float/operations.ts";
import { floatOperation } from "../../float/operation.ts";
import { operandsOf } from "../../float/testing/operands.ts";
import { FORMATTED_OPERATIONS, sourceOf } from "../../float/testing/operations.ts";
import type { RawOperands } from "../../float/testing/reference.ts";
import { RAM_BASE, STATE } from "../../memory/layout.ts";
import { BareCore } from "../../processor/testing/bare-core.ts";
import { FLOATING } from "./float.ts";
import { FORMATS } from "./format.ts";
import type { Instruction } from "./instruction.ts";
import { encode } from "./testing/encode.ts";

/** Instructions by the numbers of what they do. */
const OPERATIONS = new Map(FORMATTED_OPERATIONS.map(({ name, operation }) => [mnemonicOf(name), operation]));

/** Such as `fcvt.wu.h`, of `toWu.h`. */
function mnemonicOf(name: string): string {
  const [operation = "", suffix = ""] = name.split(".");
  const [, direction, type = ""] = /^(from|to)(.*)$/.exec(operation) ?? [];
  if (direction === undefined) return `f${name}`;
  const other = (type.length > 2 ? type.charAt(0) : type).toLowerCase();
  return direction === "to" ? `fcvt.${other}.${suffix}` : `fcvt.${suffix}.${other}`;
}

/** One instruction with its rounding mode, in RAM, with a jump to itself behind it. Operands: f11 to f13, x11; result: f10 or x10. */
type Place = {
  readonly instruction: Instruction;
  readonly operation: number;
  readonly rounding: number;
  readonly address: number;
};

const ROUNDINGS = [7, 0, 1, 2, 3, 4];
const JUMP_TO_ITSELF = 0x6f;

const PLACES: readonly Place[] = FLOATING.flatMap((instruction) => {
  const operation = OPERATIONS.get(instruction.name);
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
  assert.equal(floatOperation(soft, operation | (rounding << OPERATION.roundingShift)), 1);
  return { value: soft.getBigUint64(STATE.value, true), flags: soft.getUint32(STATE.floatFlags, true) };
}

/** Mostly as programs run: nearest-even, and inexact once before. */
const settings = fc.record({
  flags: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 31 })),
  frm: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 4 })),
});

/** Registers of numbers by the format's code, and of integers. */
const ORDINARY: readonly [RawOperands, RawOperands, RawOperands] = [
  [0xffff_ffff_4048_f5c3n, 0xffff_ffff_3f9d_f3b6n, 0xffff_ffff_3f80_0000n],
  [0x4009_21fb_5444_2d18n, 0x3ff3_be76_c8b4_3958n, 0x3ff0_0000_0000_0000n],
  [0xffff_ffff_ffff_4248n, 0xffff_ffff_ffff_3cf0n, 0xffff_ffff_ffff_3c00n],
];

const INTEGERS: RawOperands = [42n, 0n, 0n];

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

  test(`${way} floating point of ordinary numbers asks nobody, where it rounds to nearest or to integers`, () => {
    const asked = new Set<string>();
    for (const place of PLACES) {
      const { instruction, rounding } = place;
      if (instruction.format !== "float-to-integer" && rounding !== 0 && rounding !== 7) continue;
      if (rounding === 7 && /^fcvt\.(d\.(s|h|wu?)|s\.h)$/.test(instruction.name)) continue; // Assemblers write 0 where all is exact.
      const operands = instruction.format === "integer-to-float" ? INTEGERS : ORDINARY[sourceOf(place.operation).code];
      const before = core.calls.get("float");
      runOn(core, place, { flags: 1, frm: 0, operands }, runnerOf(place));
      if (core.calls.get("float") !== before) asked.add(instruction.name);
    }
    assert.deepEqual([...asked], []);
  });
}
