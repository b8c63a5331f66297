import assert from "node:assert/strict";
import { test } from "node:test";
import { FINDING_NAMES, type GuardPolicy } from "@cloister/core";
import { inspectChange } from "./index.ts";
import { CLEAN_CHANGES } from "./testing/clean-changes.ts";
import { toChange, toOptions } from "./testing/corpus.ts";
import { EVASIONS } from "./testing/evasions.ts";

for (const evasion of EVASIONS) {
  test(`evasion: ${evasion.name} is ${evasion.finding}`, async () => {
    const findings = await inspectChange(toChange(evasion), toOptions(evasion));
    assert.ok(
      findings.some(({ name }) => name === evasion.finding),
      `found ${JSON.stringify(findings)}`,
    );
  });
}

for (const sample of CLEAN_CHANGES) {
  test(`clean: ${sample.name}`, async () => {
    assert.deepEqual(await inspectChange(toChange(sample), toOptions(sample)), []);
  });
}

test("a finding that the plan does not want is left out", async () => {
  const off = Object.fromEntries(FINDING_NAMES.map((name) => [name, "off"])) as GuardPolicy;
  for (const evasion of EVASIONS) {
    assert.deepEqual(await inspectChange(toChange(evasion), { ...toOptions(evasion), policy: off }), []);
  }
});
