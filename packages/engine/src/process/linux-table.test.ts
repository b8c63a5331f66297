import assert from "node:assert/strict";
import { test } from "node:test";
import { createPidWindow } from "./linux-table.ts";
import { isSameAlive, processTable } from "./process-table.ts";
import { start } from "./testing/start.ts";

const PIDS = [3, 50, 60, 90, 99];
const rounds: readonly (readonly [
  name: string,
  looks: readonly (readonly [last: number, expected: readonly number[]])[],
])[] = [
  [
    "numbers rise: those given out since",
    [
      [60, [60]],
      [90, [60, 90]],
      [90, [60, 90]],
    ],
  ],
  ["numbers went round before the first look: those at the top and the bottom", [[7, [3, 60, 90, 99]]]],
  [
    "numbers go round between two looks: those at the top and the bottom",
    [
      [90, [60, 90]],
      [7, [3, 60, 90, 99]],
    ],
  ],
  [
    "numbers went round and passed the leader: all, from then on",
    [
      [7, [3, 60, 90, 99]],
      [70, PIDS],
      [95, PIDS],
      [7, PIDS],
    ],
  ],
  [
    "the system does not say the last number: all",
    [
      [0, PIDS],
      [0, PIDS],
    ],
  ],
];
for (const [name, steps] of rounds) {
  test(`processes to look at where ${name}`, () => {
    let last = 0;
    const look = createPidWindow(50, { list: () => PIDS, last: () => last });
    for (const [given, expected] of steps) {
      last = given;
      assert.deepEqual(look(), expected);
    }
  });
}

test("an entry names parent, group, session and start, whatever the process calls itself", async () => {
  const odd = start({
    file: process.execPath,
    args: ["-e", "process.title = ') Z 1 2 ('; process.stdout.write('x'); setInterval(() => 0, 1e6)"],
  });
  for await (const _ of odd.stdout) break;
  const entry = processTable.all().find(({ pid }) => pid === odd.pid);
  assert.deepEqual(entry && { ...entry, start: undefined }, {
    pid: odd.pid,
    parent: process.pid,
    group: odd.pid,
    session: odd.pid,
    start: undefined,
  });
  assert.ok(entry !== undefined && isSameAlive(entry));
  assert.equal(isSameAlive({ ...entry, start: "1" }), false, "the number alone does not make it the same");
  odd.stop("aborted", 0);
  await odd.exit;
  assert.equal(isSameAlive(entry), false);
});
