import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { STATE } from "../memory/layout.ts";
import { floatHelperFastPath } from "./fast-path.ts";
import { DOUBLE, FLOAT_FLAG, HALF, ROUNDING, SINGLE } from "./format.ts";
import { floatOperation } from "./operation.ts";
import { FLOAT, OPERATION, operationOf } from "./operations.ts";
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
  const rounding = [
    operationOf(FLOAT.add, SINGLE),
    operationOf(FLOAT.fromHalf, SINGLE),
    ...[FLOAT.sqrt, FLOAT.madd, FLOAT.toL, FLOAT.fromW, FLOAT.fromSingle].map((kind) => operationOf(kind, DOUBLE)),
    ...[FLOAT.div, FLOAT.nmsub, FLOAT.toWu, FLOAT.fromLu, FLOAT.fromDouble].map((kind) => operationOf(kind, HALF)),
  ];
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
      assert.equal(floatOperation(state, operation | (mode << OPERATION.roundingShift)), 0);
      assert.equal(state.getFloat64(STATE.value, true), 0.1);
      assert.equal(state.getUint32(STATE.floatFlags, true), 0);
    }
  }
});

test("operations without rounding mode do not mind what frm holds", () => {
  start(7, 0.1);
  assert.equal(floatOperation(state, operationOf(FLOAT.lt, DOUBLE)), 1);
  assert.equal(state.getUint32(STATE.value, true), 1);
});

test("a rounding mode of the instruction's own wins over frm", () => {
  start(ROUNDING.up, 2.5);
  const operation = operationOf(FLOAT.toW, DOUBLE);
  assert.equal(floatOperation(state, operation | (ROUNDING.towardZero << OPERATION.roundingShift)), 1);
  assert.equal(state.getInt32(STATE.value, true), 2);
});

/** What the host computes for an operation on f64, and whether generated code may keep it. */
const HOST: readonly [number, (a: number, b: number) => number, (result: number) => boolean][] = [
  [FLOAT.add, (a, b) => a + b, floatHelperFastPath.finite],
  [FLOAT.sub, (a, b) => a - b, floatHelperFastPath.finite],
  [FLOAT.mul, (a, b) => a * b, (result) => floatHelperFastPath.normal(result, DOUBLE.smallestNormal)],
  [FLOAT.div, (a, b) => a / b, (result) => floatHelperFastPath.normal(result, DOUBLE.smallestNormal)],
  [FLOAT.sqrt, (a) => Math.sqrt(a), floatHelperFastPath.finite],
];

function hostResult(compute: (a: number, b: number) => number, [a, b]: RawOperands): { result: number; bits: bigint } {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, a);
  view.setBigUint64(8, b);
  const result = compute(view.getFloat64(0), view.getFloat64(8));
  view.setFloat64(0, result);
  return { result, bits: view.getBigUint64(0) };
}

for (const [kind, compute, isKept] of HOST) {
  const operation = operationOf(kind, DOUBLE);
  test(`where the fast path's condition holds, the host's operation ${kind} is exact in value and raises at most NX`, () => {
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
