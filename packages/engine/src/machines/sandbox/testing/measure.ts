// Measures how soon a sandbox answers, and how long a program in it takes: node packages/engine/src/machines/sandbox/testing/measure.ts [RUNS]
// Prints milliseconds, median and 95th percentile of RUNS (50 unless given).
import { connectGuest } from "../../guest/connect-guest.ts";
import { runInGuest } from "../../guest/run-in-guest.ts";
import { makeTestSandbox } from "./test-sandbox.ts";

const runs = Number(process.argv[2] ?? 50);
const times = { start: [] as number[], exec: [] as number[], end: [] as number[] };

await using sandbox = await makeTestSandbox();
for (let run = 0; run < runs; run += 1) {
  const transport = await timed(times.start, async () => {
    const opened = await sandbox.driver.connect(sandbox.machine);
    return { opened, guest: await connectGuest(opened) };
  });
  const { env } = sandbox.driver.surroundings(sandbox.machine);
  await timed(times.exec, () => runInGuest(transport.guest, { argv: ["/bin/true"], env }));
  await timed(times.end, async () => {
    await transport.guest[Symbol.asyncDispose]();
    await transport.opened.close();
  });
}
for (const [name, values] of Object.entries(times)) {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  process.stdout.write(`${name}: ${at(0.5)} ms, 95 %: ${at(0.95)} ms\n`);
}

async function timed<Value>(into: number[], act: () => Promise<Value>): Promise<Value> {
  const from = performance.now();
  const value = await act();
  into.push(performance.now() - from);
  return value;
}
