import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { FLOAT_FLAG } from "./format.ts";
import { run } from "./testing/harness.ts";
import { operandsOf } from "./testing/operands.ts";
import { FORMATTED_OPERATIONS } from "./testing/operations.ts";
import { RECORD, runInQemu } from "./testing/qemu.ts";
import type { RawOperands } from "./testing/reference.ts";

/** Operand triples for each operation; each is run in all five rounding modes. */
const TRIPLES = 600;

type Case = {
  readonly name: string;
  readonly operation: number;
  readonly rounding: number;
  readonly operands: RawOperands;
};

function casesFrom(seed: number): Case[] {
  return FORMATTED_OPERATIONS.flatMap(({ name, operation }) =>
    fc
      .sample(operandsOf(operation), { seed: seed + operation, numRuns: TRIPLES })
      .flatMap((operands) => [0, 1, 2, 3, 4].map((rounding) => ({ name, operation, rounding, operands }))),
  );
}

function toRecords(cases: readonly Case[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(cases.length * RECORD.inputBytes));
  for (const [index, { operation, rounding, operands }] of cases.entries()) {
    const offset = index * RECORD.inputBytes;
    view.setUint32(offset, operation, true);
    view.setUint32(offset + 8, rounding, true);
    for (const [place, operand] of operands.entries()) {
      view.setBigUint64(offset + 16 + place * 8, operand, true);
    }
  }
  return new Uint8Array(view.buffer);
}

test("results and flags are those of qemu-riscv64, bit for bit, in every rounding mode, whether NX was set or not", (context) => {
  const seed = Date.now() % 2 ** 31;
  const cases = casesFrom(seed);
  context.diagnostic(`seed ${seed}, ${cases.length} records`);
  assert.ok(cases.length >= 200_000);
  const expected = runInQemu(toRecords(cases));
  assert.equal(expected.byteLength, cases.length * RECORD.outputBytes);
  for (const [index, { name, operation, rounding, operands }] of cases.entries()) {
    const value = expected.getBigUint64(index * RECORD.outputBytes, true);
    const flags = expected.getUint32(index * RECORD.outputBytes + 8, true);
    for (const before of [0, FLOAT_FLAG.inexact]) {
      const actual = run(operation, { rounding, dynamic: index % 2 === 0, flags: before }, operands);
      if (actual.value !== value || actual.flags !== (flags | before)) {
        const shown = operands.map((operand) => operand.toString(16)).join(" ");
        assert.deepEqual(
          actual,
          { value, flags: flags | before },
          `${name} rounding ${rounding} of ${shown}, seed ${seed}`,
        );
      }
    }
  }
});
