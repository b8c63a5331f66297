import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { STATE } from "../memory/layout.ts";
import { FAST_PATH_LIMITS, floatHelperFastPath } from "./fast-path.ts";
import { DOUBLE, FLOAT_FLAG, ROUNDING } from "./format.ts";
import { floatOperation } from "./operation.ts";
import { FLOAT } from "./operations.ts";
import { operandsOf } from "./testing/operands.ts";
import { softFloatReference, type RawOperands } from "./testing/reference.ts";

const state = new DataView(new ArrayBuffer(0x2000));

function start(frm: number, value: number): void {
  state.setFloat64(STATE.value, value, true);
  state.setFloat64(STATE.value2, 0.5, true);
  state.setUint32(STATE.floatRounding, frm, true);
  state.setUint32(STATE.floatFlags, 0, true);
}

test("a rounding mode that is none is refused, in the instruction and in frm, and changes nothing", () => {
  const rounding = [FLOAT.addS, FLOAT.sqrtD, FLOAT.maddD, FLOAT.dToL, FLOAT.wToD, FLOAT.sToD];
  const modes = [
    [5, 0],
    [6, 0],
    [ROUNDING.dynamic, 5],
    [ROUNDING.dynamic, 6],
    [ROUNDING.dynamic, 7],
  ] as const;
  for (const operation of rounding) {
    for (const [mode, frm] of modes) {
      start(frm, 0.1);
      assert.equal(floatOperation(state, operation | (mode << 8)), 0);
      assert.equal(state.getFloat64(STATE.value, true), 0.1);
      assert.equal(state.getUint32(STATE.floatFlags, true), 0);
    }
  }
});

test("operations without rounding mode do not mind what frm holds", () => {
  start(7, 0.1);
  assert.equal(floatOperation(state, FLOAT.ltD), 1);
  assert.equal(state.getUint32(STATE.value, true), 1);
});

test("a rounding mode of the instruction's own wins over frm", () => {
  start(ROUNDING.up, 2.5);
  assert.equal(floatOperation(state, FLOAT.dToW | (ROUNDING.towardZero << 8)), 1);
  assert.equal(state.getInt32(STATE.value, true), 2);
});

test("the limits generated code compares with are those of the formats", () => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat32(0, Infinity);
  assert.equal(view.getUint32(0), FAST_PATH_LIMITS.single.infinityBits);
  view.setFloat64(0, Infinity);
  assert.deepEqual(
    [view.getUint32(0), view.getUint32(4)],
    [FAST_PATH_LIMITS.double.infinityHigh, FAST_PATH_LIMITS.double.infinityLow],
  );
  assert.equal(FAST_PATH_LIMITS.double.smallestNormal, 2 ** -1022);
  assert.equal(FAST_PATH_LIMITS.single.smallestNormal, 2 ** -126);
});

/** What the host computes for an operation on f64, and whether generated code may keep it. */
const HOST: readonly [number, (a: number, b: number) => number, (result: number) => boolean][] = [
  [FLOAT.addD, (a, b) => a + b, floatHelperFastPath.finite],
  [FLOAT.subD, (a, b) => a - b, floatHelperFastPath.finite],
  [FLOAT.mulD, (a, b) => a * b, (result) => floatHelperFastPath.normal(result, DOUBLE.smallestNormal)],
  [FLOAT.divD, (a, b) => a / b, (result) => floatHelperFastPath.normal(result, DOUBLE.smallestNormal)],
  [FLOAT.sqrtD, (a) => Math.sqrt(a), floatHelperFastPath.finite],
];

function hostResult(compute: (a: number, b: number) => number, [a, b]: RawOperands): { result: number; bits: bigint } {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, a);
  view.setBigUint64(8, b);
  const result = compute(view.getFloat64(0), view.getFloat64(8));
  view.setFloat64(0, result);
  return { result, bits: view.getBigUint64(0) };
}

for (const [operation, compute, isKept] of HOST) {
  test(`where the fast path's condition holds, the host's operation ${operation} is exact in value and raises at most NX`, () => {
    let kept = 0;
    fc.assert(
      fc.property(operandsOf(operation), (operands) => {
        const { result, bits } = hostResult(compute, operands);
        if (isKept(result)) {
          kept += 1;
          const expected = softFloatReference(operation, ROUNDING.nearestEven, operands);
          assert.deepEqual(
            { value: bits, flags: expected.flags & ~FLOAT_FLAG.inexact },
            { value: expected.value, flags: 0 },
          );
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(kept > 50, `${kept} results were kept`);
  });
}
