// Measures the registry: node packages/engine/src/machines/registry/testing/measure.ts [MACHINES]
// Writes down that MACHINES (10,000 unless given) were made and removed; opens what that makes, unsealed and sealed; writes and reads one by one.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openJournal } from "../../../journal/index.ts";
import { openRegistry } from "../index.ts";
import { lifeOf } from "./life-of.ts";

const count = Number(process.argv[2] ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), "cloister-measure-"));
const journal = join(folder, "machines", "registry.db");
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

const records = Array.from({ length: count }, (_, index) => lifeOf(index)).flat();
mkdirSync(dirname(journal));
const writer = openJournal(journal, { create: true });
writer.append(
  records.map(({ type, ...data }) => ({ type, time: 1, data })),
  { expected: 0 },
);
writer.close();

const open = (sealAfter?: number): number =>
  timed(() => openRegistry({ journal, ...(sealAfter === undefined ? {} : { sealAfter }) })[Symbol.dispose]());
say(`${records.length} records, not sealed: opened in ${median(() => open(Infinity)).toFixed(1)} ms`);
{
  using registry = openRegistry({ journal });
  const seal = timed(() => registry.write({ type: "machine_changed", id: "none" }));
  say(`sealed, and went on in another journal, in ${seal.toFixed(1)} ms`);
}
say(`opened after that in ${median(open).toFixed(1)} ms`);
{
  using registry = openRegistry({ journal });
  say(
    `one event written in ${median(() => timed(() => registry.write({ type: "machine_changed", id: "none" }))).toFixed(2)} ms`,
  );
  say(`read again in ${(timed(() => Array.from({ length: 1000 }, () => registry.read())) / 1).toFixed(1)} µs`);
  for (let index = 0; index < 1900; index += 1) registry.write({ type: "machine_changed", id: "none" });
}
say(`opened shortly before the next seal in ${median(open).toFixed(1)} ms`);
rmSync(folder, { recursive: true });

function timed(act: () => void): number {
  const from = performance.now();
  act();
  return performance.now() - from;
}

function median(measure: () => number): number {
  const figures = Array.from({ length: 9 }, () => measure()).sort((left, right) => left - right);
  return figures[4] ?? 0;
}
