/** `kill -9` of a run in the middle of an iteration in a machine: nothing of it lives on, nothing is left, and the run goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { livingThatName } from "../harness/living.ts";
import { createTestRepository } from "../harness/test-repository.ts";
import { until } from "../harness/until.ts";

const PLAN = "---\ngates:\n  tests: test -f done.txt\nsetup: [touch ../set-up]\n---\n## Task: Do it\nMake done.txt.\n";
const AGENT = `test -f ../set-up || exit 1
if [ "$CLOISTER_ITERATION" = 1 ]; then sleep 600; fi
echo done > done.txt
echo TASK_COMPLETE
`;

test("a run in a sandbox that is killed leaves nothing behind, and goes on in a new machine that is set up again", async () => {
  using repository = createTestRepository({ project: { "plan.md": PLAN, "agent.sh": AGENT } });
  const command = ["--agent", "command", "--agent-command", "sh agent.sh"];
  const running = repository.start(["run", "plan.md", ...command, "--machine", "sandbox", "--json"]);
  const agent = `CLOISTER_RUN=${(await running.hasPrinted("run_created")).charter.run}`;
  await until("the agent works", () => livingThatName(agent).length > 0, 60_000);
  running.kill("SIGKILL");
  await running.ended;
  await until("nothing of it lives", () => livingThatName(repository.folder).length === 0, 5000);

  const end = await repository.run(["resume", "--json"]);
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  assert.equal(summaryOf(end).reason, "done");
  assert.equal(eventsOfType(end, "machine_opened").length, 1);
  assert.equal(eventsOfType(end, "setup_finished").length, 1, "what the set-up made was in the machine before");
  const pruned = await repository.run(["machine", "prune", "--json"]);
  assert.deepEqual(JSON.parse(pruned.stdout), { adopted: [], removed: [], problems: [] });
  assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "");
});
