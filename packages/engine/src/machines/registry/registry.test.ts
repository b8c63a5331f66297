import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openJournal, verifyJournal } from "../../journal/index.ts";
import { isSameProcess, openRegistry, thisProcess } from "./index.ts";
import { lifeOf } from "./testing/life-of.ts";

const program = fileURLToPath(new URL("testing/write-loop.ts", import.meta.url));

function temporaryRegistry(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "cloister-registry-test-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "machines", "registry.db");
}

/** Paths of a registry's journals, in order. */
function generationsOf(journal: string): string[] {
  const number = (name: string): number => Number(/-(\d+)\.db$/.exec(name)?.[1] ?? 1);
  const names = readdirSync(dirname(journal)).filter((name) => name.endsWith(".db"));
  return names.sort((left, right) => number(left) - number(right)).map((name) => join(dirname(journal), name));
}

test("four processes that write at the same time lose nothing and decide on nothing twice, while journals are sealed under them", async (context) => {
  const journal = temporaryRegistry(context);
  const [writers, each] = [["a", "b", "c", "d"], 30];
  const write = promisify(execFile);
  await Promise.all(writers.map((writer) => write(process.execPath, [program, journal, writer, String(each), "40"])));

  using registry = openRegistry({ journal });
  const { machines } = registry.read();
  const kept = writers.flatMap((writer) => Array.from({ length: each / 10 }, (_, index) => `${writer}${index * 10}`));
  deepEqual(machines.map(({ id }) => id).sort(), kept.sort());
  equal(new Set(machines.map(({ name }) => name)).size, kept.length, "names were given out twice");
  ok(machines.every(({ phase }) => phase === "there"));

  const paths = generationsOf(journal);
  ok(paths.length > 1, "no journal was sealed");
  let sealed: { readonly length: number; readonly hash: string } | undefined;
  for (const path of paths) {
    const reader = openJournal(path);
    const records = [...reader.read()];
    reader.close();
    if (sealed !== undefined)
      deepEqual([records[0]?.data["length"], records[0]?.data["hash"]], [sealed.length, sealed.hash]);
    const seals = records.flatMap(({ type }, index) => (type === "registry_sealed" ? [index + 1] : []));
    deepEqual(seals, path === paths.at(-1) ? [] : [records.length], "a seal is the end of its journal");
    sealed = { length: records.length, hash: records.at(-1)?.hash ?? "" };
    equal(verifyJournal(path).ok, true);
  }
});

test("a registry that was sealed by a process which then died goes on where it was", (context) => {
  const journal = temporaryRegistry(context);
  const [creating, created] = lifeOf(1);
  ok(creating !== undefined && created !== undefined);
  {
    using registry = openRegistry({ journal });
    registry.write(creating, created);
  }
  const writer = openJournal(journal);
  writer.append([{ type: "registry_sealed", time: 7, data: {} }], { expected: writer.length });
  writer.close();
  {
    using registry = openRegistry({ journal });
    equal(registry.read().machines[0]?.name, "machine-1");
    registry.write(...lifeOf(2).slice(0, 2));
  }
  using again = openRegistry({ journal });
  deepEqual(
    again.read().machines.map(({ name }) => name),
    ["machine-1", "machine-2"],
  );
  deepEqual(
    generationsOf(journal).map((path) => path.slice(path.lastIndexOf("/") + 1)),
    ["registry.db", "registry-2.db"],
  );
});

test("one that has it open sees what others write, also into another journal", (context) => {
  const journal = temporaryRegistry(context);
  using mine = openRegistry({ journal });
  using other = openRegistry({ journal, sealAfter: 6 });
  for (let index = 0; index < 20; index += 1) {
    other.write(...lifeOf(index).slice(0, 2));
    equal(mine.read().machines.length, 1);
    mine.write(...lifeOf(index).slice(2));
    deepEqual(other.read().machines, []);
  }
  ok(generationsOf(journal).length > 1);
});

test("opening a registry in which ten thousand machines were made and removed takes less than 100 ms", (context) => {
  const journal = temporaryRegistry(context);
  openRegistry({ journal })[Symbol.dispose]();
  const writer = openJournal(journal);
  const records = Array.from({ length: 10_000 }, (_, index) => lifeOf(index)).flat();
  writer.append(
    records.map(({ type, ...data }) => ({ type, time: 1, data })),
    { expected: 0 },
  );
  writer.close();
  {
    using registry = openRegistry({ journal });
    registry.write(...lifeOf(10_000).slice(0, 2));
  }
  const from = process.cpuUsage();
  {
    using registry = openRegistry({ journal });
    equal(registry.read().machines.length, 1);
  }
  const { user, system } = process.cpuUsage(from);
  ok((user + system) / 1000 < 100, `${(user + system) / 1000} ms of processor time`);
});

test("a registry is its user's alone", (context) => {
  const journal = temporaryRegistry(context);
  using registry = openRegistry({ journal, sealAfter: 2 });
  registry.write(...lifeOf(1), ...lifeOf(2));
  registry.write(...lifeOf(3));
  const files = readdirSync(dirname(journal)).map((name) => join(dirname(journal), name));
  ok(
    files.some((file) => /-\d+\.db-wal$/.test(file)),
    files.join(" "),
  );
  for (const file of files) equal(statSync(file).mode & 0o777, 0o600, file);
  equal(statSync(dirname(journal)).mode & 0o777, 0o700);
});

test("what a decision throws is thrown, and nothing is written", (context) => {
  const journal = temporaryRegistry(context);
  using registry = openRegistry({ journal });
  throws(
    () =>
      registry.decide(() => {
        throw new RangeError("no");
      }),
    RangeError,
  );
  equal(
    registry.decide(({ machines }) => ({ events: [], value: machines.length })),
    0,
  );
  const verified = verifyJournal(journal);
  ok(verified.ok && verified.length === 0);
});

test("this process is alive, and one with its number that started at another time is not", () => {
  const mine = thisProcess();
  equal(isSameProcess(mine), true);
  equal(isSameProcess({ ...mine, start: `${mine.start}0` }), false);
});
