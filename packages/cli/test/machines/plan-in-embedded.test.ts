/**
 * A plan of three tasks in a virtual machine of Cloister's own engine: a script is the agent, and everything that decides is real. Agent and gates run
 * on RISC-V Linux, the code goes in and comes out by git, and nothing of the machine is left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf } from "../harness/checkout.ts";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { buildGitImage, GIT_IMAGE } from "../harness/embedded-image.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const LONGEST_MS = 10 * 60_000;
const PLAN = `---
gates:
  machine: test "$(uname -m)" = riscv64
  numbers: sh check.sh
---
## Task: Write one
Write 1 to one.txt.

## Task: Write two
Write 2 to two.txt.

## Task: Write the sum
Write the sum to sum.txt.
`;

/** Every number that is there is right: the agent's first try at the sum is not. */
const CHECK = `for pair in one:1 two:2 sum:3; do
  file=\${pair%:*}.txt
  test ! -e "$file" || test "$(cat "$file")" = "\${pair#*:}" || exit 1
done
`;

const AGENT = `uname -m >> machine.txt
if [ ! -e one.txt ]; then echo 1 > one.txt
elif [ ! -e two.txt ]; then echo 2 > two.txt
elif [ ! -e sum.txt ]; then echo 12 > sum.txt
else echo $(($(cat one.txt) + $(cat two.txt))) > sum.txt
fi
echo TASK_COMPLETE
`;

const RUN = ["run", "plan.md", "--agent", "command", "--agent-command", "sh agent.sh", "--json"];
const MACHINE = ["--machine", `embedded:${GIT_IMAGE.name}`];

test(
  "a plan is completed in an embedded machine, with a gate that refuses once",
  { timeout: 2 * LONGEST_MS },
  async () => {
    using repository = createTestRepository({ project: { "plan.md": PLAN, "check.sh": CHECK, "agent.sh": AGENT } });
    await buildGitImage(repository);
    const before = pictureOf(repository);
    const end = await repository.run([...RUN, ...MACHINE], { longestMs: LONGEST_MS });
    assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
    assert.deepEqual(pictureOf(repository), before, "the user's checkout is as it was");
    const { tasks, branch } = summaryOf(end);
    assert.deepEqual(tasks, { total: 3, done: 3, blocked: 0 });
    const written = ["one", "two", "sum"].map((name) => repository.git("show", `${branch}:${name}.txt`));
    assert.deepEqual(written, ["1", "2", "3"]);
    const worked = repository.git("show", `${branch}:machine.txt`).split("\n");
    assert.deepEqual(
      worked,
      Array.from({ length: 4 }, () => "riscv64"),
      "three tasks, and one of them twice",
    );
    assert.equal(eventsOfType(end, "machine_opened").length, 1);
    assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "", "the machine ended with the run");
  },
);
