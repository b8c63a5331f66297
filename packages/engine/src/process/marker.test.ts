import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunId, parseRunId } from "@cloister/core";
import { carriesMarker, checkMarker, markerFor, uniqueMarker } from "./marker.ts";
import { parseMarked, parseProcesses } from "./ps-table.ts";

const cases: readonly (readonly [prefix: string, marker: string, isBelow: boolean])[] = [
  ["a", "a", true],
  ["a", "a:1", true],
  ["a", "a:1:9-1", true],
  ["a", "ab", false],
  ["a", "ab:1", false],
  ["a", "b:a", false],
  ["a:1", "a:1:9-1", true],
  ["a:1", "a:12", false],
  ["a:1", "a", false],
  ["a.b", "aXb", false],
];
for (const [prefix, marker, isBelow] of cases) {
  test(`${marker} is ${isBelow ? "" : "not "}below ${prefix}, wherever it stands in the environment`, () => {
    const variable = `CLOISTER_PROCESS_MARKER=${marker}`;
    for (const environment of [variable, `${variable}\0`, `A=1\0${variable}\0B=2\0`, `A=1\0${variable}`]) {
      assert.equal(carriesMarker(environment, prefix), isBelow);
    }
    assert.equal(carriesMarker(`A=${variable}\0`, prefix), false);
    assert.deepEqual(parseMarked(` 7 /bin/sh -c x A=1 ${variable} B=2\n 8 sh`, prefix), new Set(isBelow ? [7] : []));
  });
}

test("a marker names the run, the iteration and the process", () => {
  const runId = parseRunId("2026-01-02-abc") as RunId;
  assert.equal(markerFor(runId), "2026-01-02-abc");
  assert.equal(markerFor(runId, 12), "2026-01-02-abc:12");
  const markers = new Set(Array.from({ length: 100 }, () => uniqueMarker(markerFor(runId, 12))));
  assert.equal(markers.size, 100);
  for (const marker of markers) assert.ok(carriesMarker(`CLOISTER_PROCESS_MARKER=${marker}`, markerFor(runId)));
});

for (const marker of ["", "a b", "a\n", ".*$", "x".repeat(201), "a\0"]) {
  test(`a marker that would not be exact as a pattern is refused: ${JSON.stringify(marker.slice(0, 10))}`, () => {
    assert.throws(() => checkMarker(marker), RangeError);
  });
}

test("what ps prints is read: number, parent, group and start, without zombies and the caller", () => {
  const table = [
    "    1     0     1 Ss   Thu Jan  1 10:00:00 2026",
    "  412     1   412 S+   Thu Jan  1 10:00:01 2026   ",
    `  ${process.pid} 1 412 R Thu Jan  1 10:00:01 2026`,
    "  413   412   412 Z+   Thu Jan  1 10:00:02 2026",
    "garbage",
  ].join("\n");
  assert.deepEqual(parseProcesses(table), [
    { pid: 1, parent: 0, group: 1, session: 0, start: "Thu Jan  1 10:00:00 2026" },
    { pid: 412, parent: 1, group: 412, session: 0, start: "Thu Jan  1 10:00:01 2026" },
  ]);
});
