/** Whole runs in virtual machines, here emulated, that come up against their limits, or against each other: one repository and image for all. */
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { startLibvirtd, type TestLibvirt } from "@cloister/testkit";
import { type CliEnd, eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { buildGitImage, GIT_IMAGE } from "../harness/embedded-image.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const LONGEST_MS = 10 * 60_000;
const PLAN = "---\ngates:\n  tests: test -f done.txt\n---\n## Task: Do it\nMake done.txt.\n";
const SIZE = { CLOISTER_MACHINE_MEMORY_MIB: "384", CLOISTER_MACHINE_DISK_MIB: "640", CLOISTER_MACHINE_PROCESSES: "64" };

/** What agents use up of a machine: the script that does, and what is said of it. */
const GLUTTONS: Readonly<Record<string, readonly [script: string, said: RegExp]>> = {
  processes: [
    "bomb() { bomb | bomb & }; bomb; sleep 600",
    /stopped by its limits\. It had \d+ processes at a time, more than its 64\./,
  ],
  memory: ["tail /dev/zero", /stopped by its limits\. It needed more than its 384 MiB of memory/],
  disk: ['fallocate -l "$(df --output=avail -B1 . | tail -n 1)" filled', /No space left on device/],
};

/** Waits until two work in the machine. */
const NEIGHBOUR = `touch "$HOME/here-$(basename "$PWD")"
for _ in $(seq 600); do [ "$(ls "$HOME"/here-* | wc -l)" = 2 ] && break; sleep 0.1; done
echo "$HTTP_PROXY" "$(ls "$HOME"/here-* | wc -l)" > done.txt
echo TASK_COMPLETE
`;

const gluttons = Object.entries(GLUTTONS).map(([what, [script]]) => [
  `${what}.sh`,
  `${script}; echo done > done.txt; echo TASK_COMPLETE\n`,
]);
const repository = createTestRepository({
  project: { "plan.md": PLAN, "neighbour.sh": NEIGHBOUR, ...Object.fromEntries(gluttons) },
  env: SIZE,
});

const DRIVERS = ["qemu", "libvirt", "embedded"] as const;

let libvirt: TestLibvirt;

/** Where the test's own libvirt is. */
function libvirtEnv(): Record<string, string> {
  return { CLOISTER_LIBVIRT_URI: libvirt.env["CLOISTER_LIBVIRT_URI"] ?? "" };
}

/** Runs the plan in a machine with a script for its agent. */
function runScript(driver: (typeof DRIVERS)[number], script: string, ...options: readonly string[]): Promise<CliEnd> {
  const agent = ["--agent", "command", "--agent-command", `sh ${script}`];
  const machine = ["--machine", `${driver}:${GIT_IMAGE.name}`, ...options];
  const args = ["run", "plan.md", ...agent, ...machine, "--json"];
  return repository.run(args, { longestMs: LONGEST_MS, env: libvirtEnv() });
}

/** Expects that the machines of runs went with them. @returns their ids, one of each run */
async function assertGone(...ends: readonly CliEnd[]): Promise<string[]> {
  const { stdout } = await repository.run(["machine", "list", "--json"], { env: libvirtEnv() });
  const machines = ends.flatMap((end) => eventsOfType(end, "machine_opened").map(({ machine }) => machine));
  assert.equal(machines.length, ends.length);
  for (const machine of machines) assert.ok(!stdout.includes(machine), stdout);
  return machines;
}

suite("runs in virtual machines", { concurrency: 2, timeout: 3 * LONGEST_MS }, () => {
  before(async () => {
    libvirt = await startLibvirtd();
    await buildGitImage(repository);
  });
  after(async () => {
    await libvirt[Symbol.asyncDispose]();
    repository[Symbol.dispose]();
  });

  for (const driver of DRIVERS)
    for (const [what, [, said]] of Object.entries(GLUTTONS))
      test(`one that uses up the ${what} of its machine ends with that for its reason: ${driver}`, async () => {
        const end = await runScript(driver, `${what}.sh`);
        assert.equal(end.code, 9, end.stderr + end.stdout.slice(-2000));
        const { reason, detail } = summaryOf(end);
        assert.equal(reason, "machine_failed");
        assert.match(detail ?? "", said);
        await assertGone(end);
      });

  test("two share a machine: each has its own workspace, branch and way out, and the last one removes it", async () => {
    const ends = await Promise.all([1, 2].map(() => runScript("qemu", "neighbour.sh", "--per-machine", "2")));
    for (const end of ends) assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
    const [first, second] = await assertGone(...ends);
    assert.equal(first, second);
    const made = ends.map((end) => repository.git("show", `${summaryOf(end).branch}:done.txt`));
    assert.deepEqual(made.sort(), ["http://127.0.0.1:3128 2", "http://127.0.0.1:3129 2"]);
  });
});
