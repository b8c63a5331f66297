/** Two runs in one machine, where the user prefers density to distance. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const PLAN = "---\ngates:\n  tests: test -f done.txt\n---\n## Task: Do it\nMake done.txt.\n";
/** Waits for the other run's agent, which it can only see where they have one home. */
const AGENT = `
touch "$HOME/here-$(basename "$PWD")"
for _ in $(seq 600); do [ "$(ls "$HOME"/here-* | wc -l)" = 2 ] && break; sleep 0.1; done
echo "$HTTP_PROXY" "$(ls "$HOME"/here-* | wc -l)" > done.txt
echo TASK_COMPLETE
`;
const RUN = ["run", "plan.md", "--agent", "command", "--agent-command", "bash agent.sh", "--machine", "sandbox"];

test("two runs share a machine: each has its own workspace, branch and way out, and the last one removes it", async () => {
  using repository = createTestRepository({ project: { "plan.md": PLAN, "agent.sh": AGENT } });
  const runs = [1, 2].map(() => repository.run([...RUN, "--per-machine", "2", "--json"]));
  const ends = await Promise.all(runs);
  for (const end of ends) assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  const machines = ends.flatMap((end) => eventsOfType(end, "machine_opened").map(({ machine }) => machine));
  assert.equal(machines.length, 2);
  assert.equal(machines[0], machines[1]);
  const made = ends.map((end) => repository.git("show", `${summaryOf(end).branch}:done.txt`));
  assert.deepEqual(made.sort(), ["http://127.0.0.1:3128 2", "http://127.0.0.1:3129 2"]);
  assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "");
});
