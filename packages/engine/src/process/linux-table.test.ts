import assert from "node:assert/strict";
import { test } from "node:test";
import { createPidWindow } from "./linux-table.ts";
import { processTable } from "./process-table.ts";
import { start } from "./testing/start.ts";

const looks: readonly (readonly [name: string, looks: readonly (readonly [last: number, isAll: boolean])[]])[] = [
  [
    "numbers rise: only those given out since are looked at",
    [
      [60, false],
      [90, false],
      [90, false],
    ],
  ],
  [
    "numbers have begun anew before the first look: all are",
    [
      [7, true],
      [60, true],
    ],
  ],
  [
    "numbers begin anew between two looks and pass the leader: all are, from then on",
    [
      [90, false],
      [70, true],
      [95, true],
    ],
  ],
  ["the system does not say the last number: all are", [[0, true]]],
];
for (const [name, steps] of looks) {
  test(`where ${name}`, () => {
    let last = 0;
    const pids = [3, 50, 60, 90, 99];
    const look = createPidWindow(50, { list: () => pids, last: () => last });
    for (const [given, isAll] of steps) {
      last = given;
      assert.deepEqual(look(), isAll ? pids : pids.filter((pid) => pid > 50 && pid <= given));
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
  assert.ok(entry !== undefined && processTable.isAlive(entry));
  assert.equal(
    processTable.isAlive({ pid: entry.pid, start: "1" }),
    false,
    "the number alone does not make it the same",
  );
  odd.stop("aborted", 0);
  await odd.exit;
  assert.equal(processTable.isAlive(entry), false);
});
