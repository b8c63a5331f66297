import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { STATE } from "../memory/layout.ts";
import { FLOAT_FLAG, ROUNDING } from "./format.ts";
import { run, stateOfLastRun } from "./testing/harness.ts";
import { operandsOf } from "./testing/operands.ts";
import { FORMATTED_OPERATIONS } from "./testing/operations.ts";
import { softFloatReference } from "./testing/reference.ts";

const RUNS = 700;
const circumstances = fc.record({
  rounding: fc.integer({ min: ROUNDING.nearestEven, max: ROUNDING.nearestAway }),
  dynamic: fc.boolean(),
  flags: fc.oneof(fc.constantFrom(0, FLOAT_FLAG.inexact), fc.integer({ min: 0, max: 31 })),
});

for (const { name, operation } of FORMATTED_OPERATIONS) {
  test(`${name} delivers what exact fractions say, and adds its flags to those that are set`, () => {
    fc.assert(
      fc.property(circumstances, operandsOf(operation), (around, operands) => {
        const expected = softFloatReference(operation, around.rounding, operands);
        assert.deepEqual(run(operation, around, operands), {
          value: expected.value,
          flags: expected.flags | around.flags,
        });
        const state = stateOfLastRun();
        const nearest = state.getUint32(STATE.floatRounding, true) === ROUNDING.nearestEven;
        const inexact = ((expected.flags | around.flags) & FLOAT_FLAG.inexact) !== 0;
        assert.equal(state.getUint32(STATE.floatFast, true), nearest && inexact ? 1 : 0);
      }),
      { numRuns: RUNS },
    );
  });
}
