// Measures what the search for descendants costs: node packages/engine/src/process/testing/measure.ts [PROCESSES]
// Prints milliseconds (median and 95th percentile of 200) on a host filled up to PROCESSES (300 unless given) with idle processes.
import { Family } from "../family.ts";
import { processTable } from "../process-table.ts";
import { start } from "./start.ts";

const ROUNDS = 200;
const wanted = Number(process.argv[2] ?? 300);

const fillers = Math.max(0, wanted - processTable.all().length);
const older = start(`for i in $(seq ${fillers}); do sleep 600 & done; echo; wait`);
for await (const _ of older.stdout) break;

const leader = start("for i in 1 2 3 4 5 6 7 8 9 10; do sleep 600 & done; echo; wait");
for await (const _ of leader.stdout) break;
const family = new Family(leader.pid ?? 0, "measured");
const everything = new Family(1, "measured");

const lines: readonly (readonly [name: string, act: () => unknown])[] = [
  ["look at descent, 10 descendants", () => family.remember()],
  ["search by all signs, 10 descendants", () => family.find()],
  ["look at every process, as after a whole round of numbers", () => processTable.all()],
  ["search by all signs, every process newer", () => everything.find()],
];
process.stdout.write(`${processTable.all().length} processes\n`);
for (const [name, act] of lines)
  process.stdout.write(`${name}: ${describe(Array.from({ length: ROUNDS }, () => time(act)))}\n`);

const whole: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const from = performance.now();
  const { durationMs } = await start("exit 0").exit;
  whole.push(performance.now() - from - durationMs);
}
process.stdout.write(`from the end of a process without descendants until exit settles: ${describe(whole)}\n`);
for (const running of [leader, older]) {
  running.stop("aborted");
  await running.exit;
}

function time(act: () => unknown): number {
  const from = performance.now();
  act();
  return performance.now() - from;
}

function describe(times: number[]): string {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2);
  return `${at(0.5)} ms, 95 %: ${at(0.95)} ms`;
}
