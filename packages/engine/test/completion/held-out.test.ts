import assert from "node:assert/strict";
import { test } from "node:test";
import { runCase, SAMPLE_PLAN } from "../harness/run-case.ts";

const HIDDEN_TEST = `import assert from "node:assert/strict";
import { test } from "node:test";
import { subtract } from "../src/math.mjs";

test("subtracts other numbers", () => assert.equal(subtract(10, 1), 9));
`;

const PLAN = `---
gates:
  test: npm test --silent
  hidden: { command: "node --test hidden/*.test.mjs", heldOutFiles: ../held-out, required: true }
---
${SAMPLE_PLAN}`;

for (const [scenario, reason] of [
  ["hard_coded_result", "iteration_limit"],
  ["honest_work", "done"],
] as const)
  test(`${scenario} meets a held-out gate: ${reason}`, async () => {
    using result = await runCase({
      scenario,
      gates: [],
      plan: PLAN,
      limits: { maxIterations: 2 },
      beside: { "held-out/hidden/hidden.test.mjs": HIDDEN_TEST },
    });
    assert.equal(result.summary.reason, reason, JSON.stringify(result.summary));
    const files = result.repository.git(["ls-tree", "-r", "--name-only", result.summary.branch]);
    assert.ok(!files.includes("hidden"), "the held-out files are in no commit");
  });
