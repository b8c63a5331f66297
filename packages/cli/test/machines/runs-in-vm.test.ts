/**
 * Whole runs in virtual machines where they come up against each other, or against their limits: in QEMU (here emulated) and in Cloister's own
 * engine, both with the same image.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { buildGitImage, GIT_IMAGE } from "../harness/embedded-image.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";

const LONGEST_MS = 10 * 60_000;
const PLAN = "---\ngates:\n  tests: test -f done.txt\n---\n## Task: Do it\nMake done.txt.\n";
const RUN = ["run", "plan.md", "--agent", "command", "--agent-command", "sh agent.sh", "--json"];
const SIZE = { CLOISTER_MACHINE_MEMORY_MIB: "384", CLOISTER_MACHINE_DISK_MIB: "640", CLOISTER_MACHINE_PROCESSES: "64" };

const BOMB = "bomb() { bomb | bomb & }; bomb; sleep 600";
const TOO_MANY = /stopped by its limits\. It had \d+ processes at a time, more than its 64\./;
/** Agents that use up what a machine has. */
const GLUTTONS: readonly (readonly [what: string, driver: string, script: string, said: RegExp])[] = [
  ["forks without end", "qemu", BOMB, TOO_MANY],
  ["forks without end", "embedded", BOMB, TOO_MANY],
  ["fills the disk", "qemu", 'fallocate -l "$(df --output=avail -B1 . | tail -n 1)" filled', /No space left on device/],
];

/** A repository whose plan is worked on by a script of its own. */
async function createRepository(script: string): Promise<TestRepository> {
  const project = { "plan.md": PLAN, "agent.sh": `${script}\necho TASK_COMPLETE\n` };
  const repository = createTestRepository({ project, env: SIZE });
  await buildGitImage(repository);
  return repository;
}

suite("runs in virtual machines", { concurrency: 2, timeout: 2 * LONGEST_MS }, () => {
  for (const [what, driver, script, said] of GLUTTONS)
    test(`one that ${what} in a machine of ${driver} ends with that for its reason`, async () => {
      using repository = await createRepository(`${script}; echo done > done.txt`);
      const args = [...RUN, "--machine", `${driver}:${GIT_IMAGE.name}`];
      const end = await repository.run(args, { longestMs: LONGEST_MS });
      assert.equal(end.code, 9, end.stderr + end.stdout.slice(-2000));
      const { reason, detail } = summaryOf(end);
      assert.equal(reason, "machine_failed");
      assert.match(detail ?? "", said);
      assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "", "the machine went with the run");
    });

  test("two share a machine of qemu: each has its own workspace, branch and way out, and the last one removes it", async () => {
    using repository = await createRepository(`touch "$HOME/here-$(basename "$PWD")"
for _ in $(seq 600); do [ "$(ls "$HOME"/here-* | wc -l)" = 2 ] && break; sleep 0.1; done
echo "$HTTP_PROXY" "$(ls "$HOME"/here-* | wc -l)" > done.txt`);
    const args = [...RUN, "--machine", `qemu:${GIT_IMAGE.name}`, "--per-machine", "2"];
    const ends = await Promise.all([1, 2].map(() => repository.run(args, { longestMs: LONGEST_MS })));
    for (const end of ends) assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
    const machines = ends.flatMap((end) => eventsOfType(end, "machine_opened").map(({ machine }) => machine));
    assert.equal(machines.length, 2);
    assert.equal(machines[0], machines[1]);
    const made = ends.map((end) => repository.git("show", `${summaryOf(end).branch}:done.txt`));
    assert.deepEqual(made.sort(), ["http://127.0.0.1:3128 2", "http://127.0.0.1:3129 2"]);
    assert.equal((await repository.run(["machine", "list", "--json"])).stdout, "", "the machine went with its runs");
  });
});
