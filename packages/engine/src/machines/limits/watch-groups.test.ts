import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { LimitBreach } from "./port.ts";
import { watchGroups } from "./watch-groups.ts";

type Files = Readonly<Record<string, string>>;

/**
 * Files of a group as kernels wrote them: version 1 from Linux 6.18, version 2 from 6.1. There the cases of a limit in the group above, of a
 * lower one below and of a refused process were recorded; the others follow the kernel's documentation.
 */
const oomControl = (kills: number): string => `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`;
const memoryEvents = (oom: number, kills: number): string =>
  `low 0\nhigh 0\nmax 35\noom ${oom}\noom_kill ${kills}\noom_group_kill 0\n`;
const pidsEvents = (refused: number): string => `max ${refused}\n`;

const MEMORY: LimitBreach["limit"] = "memory";
const TABLE: readonly (readonly [what: string, before: Files, now: Files, limit: LimitBreach["limit"] | undefined])[] =
  [
    [
      "version 1 counts a process that was ended",
      { "group/memory.oom_control": oomControl(1) },
      { "group/memory.oom_control": oomControl(2) },
      MEMORY,
    ],
    [
      "version 1 counts a process that was refused",
      { "group/pids.events": pidsEvents(0) },
      { "group/pids.events": pidsEvents(232) },
      "processes",
    ],
    [
      "version 1 counts no more than before",
      { "group/memory.oom_control": oomControl(3), "group/pids.events": pidsEvents(7) },
      {},
      undefined,
    ],
    [
      "version 2 counts that the limit was the group's own",
      { "group/memory.events": memoryEvents(0, 0), "group/memory.events.local": memoryEvents(0, 0) },
      { "group/memory.events": memoryEvents(1, 1), "group/memory.events.local": memoryEvents(1, 1) },
      MEMORY,
    ],
    [
      "version 2 counts that the limit was of the group above, with the process in the one below",
      { "group/memory.events.local": memoryEvents(0, 0), "group/container/memory.events.local": memoryEvents(0, 0) },
      { "group/memory.events.local": memoryEvents(1, 0), "group/container/memory.events.local": memoryEvents(0, 1) },
      MEMORY,
    ],
    [
      "version 2 counts what a lower limit further below has ended",
      { "group/memory.events": memoryEvents(0, 0), "group/memory.events.local": memoryEvents(0, 0) },
      { "group/memory.events": memoryEvents(1, 1), "group/memory.events.local": memoryEvents(0, 0) },
      undefined,
    ],
    [
      "version 2 counts what the host has ended for its own want of memory",
      { "group/memory.events": memoryEvents(0, 0), "group/memory.events.local": memoryEvents(0, 0) },
      { "group/memory.events": memoryEvents(0, 1), "group/memory.events.local": memoryEvents(0, 1) },
      undefined,
    ],
    [
      "version 2 of a kernel before 5.2 counts a process that was ended",
      { "group/memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n" },
      { "group/memory.events": "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n" },
      MEMORY,
    ],
    [
      "version 2 counts a process that was refused, where it is or where the limit is",
      { "group/pids.events": pidsEvents(0), "group/container/pids.events": pidsEvents(0) },
      { "group/container/pids.events": pidsEvents(1) },
      "processes",
    ],
    ["the groups have gone", { "group/pids.events": pidsEvents(2) }, { "group/pids.events": "" }, undefined],
  ];

for (const [what, before, now, limit] of TABLE)
  test(`control groups tell ${limit === undefined ? "of no breach" : `that the limit of ${limit} was hit`} where ${what}`, () => {
    const root = mkdtempSync(join(tmpdir(), "cloister-groups-"));
    try {
      writeAll(root, before);
      const group = join(root, "group");
      const breach = watchGroups([join(group, "container"), group], { memoryMib: 64, processes: 48 });
      assert.equal(breach(), undefined);
      writeAll(root, now);
      assert.equal(breach()?.limit, limit);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

function writeAll(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
