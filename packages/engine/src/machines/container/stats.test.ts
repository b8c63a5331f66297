import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineStats } from "../port.ts";
import { parseStats } from "./stats.ts";

const answers: readonly (readonly [name: string, answer: unknown, stats: MachineStats])[] = [
  [
    "podman 4.3, as recorded",
    [{ name: "x", cpu_time: "31.229908ms", mem_usage: "745.5kB / 67.11MB", pids: "1", net_io: "0B / 0B" }],
    { cpuMs: 31.229908, memoryKib: 728, processes: 1 },
  ],
  [
    "podman, after some time",
    [{ cpu_time: "1h2m3.5s", mem_usage: "1.5GB / 2GB", pids: "12" }],
    { cpuMs: 3_723_500, memoryKib: 1_464_844, processes: 12 },
  ],
  [
    "docker, as documented",
    { CPUPerc: "0.50%", MemUsage: "1.5MiB / 2GiB", PIDs: "2", Name: "x" },
    { memoryKib: 1536, processes: 2 },
  ],
  ["docker, of a container that has just ended", { MemUsage: "-- / --", PIDs: "0" }, { processes: 0 }],
  ["an empty list", [], {}],
];
for (const [name, answer, stats] of answers) {
  test(`statistics are read as they come from ${name}`, () => {
    assert.deepEqual(parseStats(JSON.stringify(answer)), stats);
  });
}
