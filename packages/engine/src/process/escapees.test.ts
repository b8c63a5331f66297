import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isAlive } from "./index.ts";
import { pidsIn, start, textOf } from "./testing/start.ts";
import { until } from "./testing/until.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-escapees-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// Each notes its number in the file that is its argument, and stays.
const programs = {
  stay: 'echo $$ >>"$1"; exec sleep 60',
  ignore: 'trap "" TERM; echo $$ >>"$1"; while :; do sleep 1; done',
  halt: 'echo $$ >>"$1"; kill -STOP $$; sleep 60',
  fork: 'sh stay "$1" & exit 0',
};
for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, name), text);
const silent = ">/dev/null 2>&1 </dev/null";

/** What escapes: how the leader starts it, `$PIDS` being the file. */
const escapees: readonly (readonly [name: string, shell: string])[] = [
  ["a grandchild that holds the output", 'sh stay "$PIDS" &'],
  ["a process in a session of its own", 'setsid sh stay "$PIDS" &'],
  ["a process in a group of its own", 'set -m; sh stay "$PIDS" &'],
  ["a daemon that forked twice", `(setsid sh fork "$PIDS" ${silent} &)`],
  ["an escapee that closed its outputs", `setsid sh stay "$PIDS" ${silent} &`],
  ["an escapee that ignores TERM", `setsid sh ignore "$PIDS" ${silent} &`],
  ["an escapee that is halted", `setsid sh halt "$PIDS" ${silent} &`],
  ["an orphan without the marker that holds the output", '(env -i setsid sh stay "$PIDS" &)'],
];
const whenNoted = 'while [ ! -s "$PIDS" ]; do sleep 0.01; done';
const leaders: readonly (readonly [name: string, shell: string])[] = [
  ["ended by itself", `${whenNoted}; exit 0`],
  ["was stopped", `${whenNoted}; sleep 60`],
];

for (const [index, [name, shell]] of escapees.entries()) {
  for (const [how, rest] of leaders) {
    test(`when the leader ${how}, this is gone and the output ends: ${name}`, { timeout: 20_000 }, async () => {
      const { running, pids } = await startEscapee(`${index} ${how}`, `${shell}\n${rest}`);
      const output = textOf(running.stdout);
      if (how === "was stopped") running.stop("aborted", 200);
      const exit = await running.exit;
      assert.deepEqual(pids.filter(isAlive), []);
      if (how !== "was stopped") assert.ok(exit.survivors >= 1);
      await output;
    });
  }
}

// Neither marker nor output: what is left is that it was seen while its parent lived.
const invisible = `env -i setsid sh stay "$PIDS" ${silent} &`;

test("an escapee without any sign is remembered from a look while its parent lived", { timeout: 20_000 }, async () => {
  const { running, pids } = await startEscapee("remembered", `${invisible}\nsleep 1.5`);
  assert.equal((await running.exit).survivors, 1);
  assert.deepEqual(pids.filter(isAlive), []);
});

test("an escapee without any sign is caught when the leader is stopped, however young it is", async () => {
  const { running, pids } = await startEscapee("young", `${invisible}\nsleep 60`);
  running.stop("aborted", 200);
  await running.exit;
  assert.deepEqual(pids.filter(isAlive), []);
});

async function startEscapee(name: string, shell: string) {
  const file = join(folder, name);
  const running = start({ shell, cwd: folder, env: { PATH: process.env["PATH"] ?? "", PIDS: file } });
  try {
    return { running, pids: await until("the escapee has noted its number", () => pidsIn(file, 1)) };
  } catch (error: unknown) {
    running.stop("aborted", 0);
    throw error;
  }
}
