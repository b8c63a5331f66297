/** Whole runs in containers whose agents use up what they can get: the machine is stopped by its limits, and the run says by which. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { type GitContainer, makeGitContainer } from "../harness/git-container.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const PLAN = "---\ngates:\n  tests: test -f done.txt\n---\n## Task: Do it\nMake done.txt.\n";
const SIZE = { CLOISTER_MACHINE_MEMORY_MIB: "128", CLOISTER_MACHINE_DISK_MIB: "64", CLOISTER_MACHINE_PROCESSES: "64" };

/** What agents do, the exit code of their run, and what is said of it. */
const AGENTS: readonly (readonly [what: string, script: string, code: number, said: RegExp])[] = [
  [
    "fills the memory",
    "tail /dev/zero; sleep 60",
    9,
    /stopped by its limits\. It needed more than its 128 MiB of memory/,
  ],
  [
    "forks without end",
    "bomb() { bomb | bomb & }; bomb; sleep 60",
    9,
    /stopped by its limits\. It tried to have more than its 64 processes/,
  ],
  [
    "fills the disk",
    "dd if=/dev/zero of=filled bs=1M count=400; sleep 60",
    9,
    /stopped by its limits\. It wrote \d+ MiB, more than its 64 MiB/,
  ],
  ["comes up against limits that it set itself", "(ulimit -v 20000; tail /dev/zero)", 0, /^/],
];

const repository = createTestRepository({
  project: {
    "plan.md": PLAN,
    ...Object.fromEntries(
      AGENTS.map(([, script], at) => [`${at}.sh`, `${script}; echo done > done.txt; echo TASK_COMPLETE\n`]),
    ),
  },
  env: SIZE,
});

suite("a run in a container", { concurrency: 2, timeout: 120_000 }, () => {
  let container: GitContainer | undefined;
  before(() => {
    const folder = join(repository.folder, "image");
    mkdirSync(folder);
    container = makeGitContainer(folder);
  });
  after(() => {
    container?.[Symbol.dispose]();
    repository[Symbol.dispose]();
  });

  for (const [at, [what, , code, said]] of AGENTS.entries())
    test(`whose agent ${what} ends with ${code}, and nothing of its machine stays`, async () => {
      const agent = ["--agent", "command", "--agent-command", `sh ${at}.sh`];
      const machine = ["--machine", `container:${container?.image}`];
      const end = await repository.run(["run", "plan.md", ...agent, ...machine, "--json"]);
      assert.equal(end.code, code, end.stderr + end.stdout.slice(-2000));
      const { reason, detail } = summaryOf(end);
      assert.equal(reason, code === 9 ? "machine_failed" : "done");
      assert.match(detail ?? "", said);
      const [opened] = eventsOfType(end, "machine_opened");
      const left = execFileSync("podman", ["ps", "--all", "--format", "{{.Names}}"], { encoding: "utf8" });
      assert.ok(opened !== undefined && !left.includes(opened.machine), left);
    });
});
