import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { OpenMachine } from "../../../src/machines/manager/port.ts";
import type { SnapshotKind } from "../../../src/machines/port.ts";
import { outcomeOf, runIn, saidIn, startIn } from "../../../src/machines/testing/run-in-machine.ts";
import { refused, withoutTrace } from "../expect.ts";
import { type Cases, keptFolder, type Subject } from "../subject.ts";

/** Saving and going back: a hundred by hand, fewer in every test run. */
const CYCLES = Number(process.env["CLOISTER_MACHINE_CYCLES"] ?? 3);
/** Counts in a file that is never written to the disk by hand: what it holds lives in memory. */
const COUNT =
  'i=0; while :; do i=$((i+1)); echo $i > "$0.next"; mv "$0.next" "$0"; usleep 20000 2>/dev/null || sleep 0.02; done';
const CLOCK_TOLERANCE_S = 2;
const IDENTITY =
  'hostname; id="$(cat /etc/machine-id 2>/dev/null)"; echo "${id:-$(hostname)}"; head -c 16 /dev/urandom | sha256sum; date +%s';

/** Machines that are saved, taken back and copied. */
export const SNAPSHOT_CASES: Cases = {
  "loses no byte where its disk is saved and taken back": (subject) => loseNothing(subject, "disk", 1),

  [`loses no byte in ${CYCLES} cycles of saving it with its memory, and going back`]: (subject) =>
    loseNothing(subject, "full", CYCLES),

  "says so where a snapshot fails, and has none then": async (subject) => {
    const { manager, can } = subject;
    if (!can("snapshot_disk")) return refused("machine_unsupported", manager.snapshot("main", "never", "disk"));
    await refused("usage_invalid", manager.snapshot("main", "Not A Name", "disk"));
    if (!can("snapshot_full")) return refused("machine_unsupported", manager.snapshot("main", "never", "full"));
    await subject.close();
    await manager.stop("main");
    await refused("machine_failed", manager.snapshot("main", "never", "full"));
    const { snapshots, state } = await manager.get("main");
    assert.deepEqual([snapshots, state], [[], "stopped"]);
    await manager.start("main");
  },

  "is copied with its disk, and the copy is another, or says that it can't": async (subject) => {
    const { manager, name, can } = subject;
    if (!can("clone")) return refused("machine_unsupported", manager.clone("main", { name: "copy" }));
    const main = await subject.main();
    const file = join(keptFolder(main, name), "copied");
    const content = await putRandom(main, file);
    await saidIn(main, ["sync"]);
    await withoutTrace(subject, async () => {
      const { policy } = await manager.clone("main", { name: "copy" });
      assert.deepEqual(policy, (await manager.get("main")).policy);
      const copy = await manager.open("copy");
      const own = join(keptFolder(copy, name), "copied");
      assert.equal((await saidIn(copy, ["sha256sum", own])).split(" ")[0], content);
      await assertApart(subject, [main, copy]);
      await saidIn(copy, ["/bin/sh", "-c", 'echo changed > "$0"', own]);
      assert.equal((await saidIn(main, ["sha256sum", file])).split(" ")[0], content, "the source is as it was");
      await copy[Symbol.asyncDispose]();
      await manager.remove("copy");
    });
    await saidIn(main, ["rm", file]);
  },

  "is forked with its memory while it runs, and the forks go ways of their own, or says that it can't": async (
    subject,
  ) => {
    const { manager, can } = subject;
    if (!can("fork")) return refused("machine_unsupported", manager.fork("main", ["fork"]));
    const main = await subject.main();
    await withoutTrace(subject, async () => {
      await saidIn(main, "echo shared > /tmp/word");
      const counting = await startCounting(main);
      const names = ["fork-one", "fork-two"];
      assert.deepEqual(
        (await manager.fork("main", names)).map((fork) => fork.name),
        names,
      );
      const { earliest, now } = await counting();
      const forks = await Promise.all(names.map((name) => manager.open(name)));
      for (const fork of forks) {
        const count = Number(await saidIn(fork, ["cat", "/tmp/count"]));
        assert.ok(count >= earliest && count <= now, `${earliest} ${count} ${now}`);
      }
      await Promise.all(forks.map((fork, index) => saidIn(fork, `echo ${index} >> /tmp/word`)));
      const words = await Promise.all([main, ...forks].map((machine) => saidIn(machine, ["cat", "/tmp/word"])));
      assert.deepEqual(words, ["shared", "shared\n0", "shared\n1"]);
      await assertApart(subject, [main, ...forks]);
      await Promise.all(forks.map((fork) => fork[Symbol.asyncDispose]()));
      await Promise.all(names.map((name) => manager.remove(name)));
    });
  },
};

async function loseNothing(subject: Subject, kind: SnapshotKind, cycles: number): Promise<void> {
  const { manager, name, can } = subject;
  if (!can(`snapshot_${kind}`)) return refused("machine_unsupported", manager.snapshot("main", "one", kind));
  const files = new Map<string, string>();
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const machine = await subject.main();
    const folder = keptFolder(machine, name);
    const added = join(folder, `cycle-${cycle}`);
    files.set(added, await putRandom(machine, added));
    await saveAndGoBack(subject, kind, folder);
    assert.deepEqual(await hashes(await subject.main(), folder), files);
    assert.equal((await runIn(await subject.main(), ["test", "-e", join(folder, "new")])).end.code, 1);
  }
  await saidIn(await subject.main(), ["rm", ...files.keys()]);
  assert.deepEqual((await manager.get("main")).snapshots, []);
  await refused("machine_not_found", manager.restore("main", "saved"));
}

/** Saves, changes everything, and goes back. */
async function saveAndGoBack(subject: Subject, kind: SnapshotKind, folder: string): Promise<void> {
  const { manager } = subject;
  const machine = await subject.main();
  const counting = await startCounting(machine);
  const facts = await manager.snapshot("main", "saved", kind);
  assert.equal(facts.kind, kind);
  assert.ok(facts.pausedMs >= 0 && facts.pausedMs < 10_000 && facts.sizeKib > 0, JSON.stringify(facts));
  await refused("usage_invalid", manager.snapshot("main", "saved", kind));
  const script = 'rm "$0"/cycle-*; echo new > "$0/new"; echo new > /tmp/new';
  await saidIn(machine, ["/bin/sh", "-c", script, folder]);
  const { earliest, now } = await counting();
  await manager.restore("main", "saved");
  await subject.close();
  await manager.removeSnapshot("main", "saved");
  if (kind === "disk") return;
  const restored = await subject.main();
  assert.equal((await runIn(restored, ["test", "-e", "/tmp/new"])).end.code, 1, "its memory is as it was");
  const count = Number(await saidIn(restored, ["cat", "/tmp/count"]));
  assert.ok(count >= earliest && count <= now, `${earliest} ${count} ${now}`);
}

/** Expects that machines can't be taken for each other by what is in them. */
async function assertApart({ view }: Subject, machines: readonly OpenMachine[]): Promise<void> {
  const facts = await Promise.all(
    machines.map(async (machine) => {
      const [hostname = "", machineId = "", random = "", clock = ""] = (await saidIn(machine, IDENTITY)).split("\n");
      return { hostname, machineId, random, drift: Math.abs(Number(clock) - Date.now() / 1000) };
    }),
  );
  const distinct = (values: readonly string[]): boolean => new Set(values).size === machines.length;
  assert.ok(distinct(facts.map(({ random }) => random)), JSON.stringify(facts));
  assert.ok(
    facts.every(({ drift }) => drift <= CLOCK_TOLERANCE_S),
    JSON.stringify(facts),
  );
  if (view.isolation === "none") return; // They are the host.
  assert.ok(distinct(facts.map(({ hostname }) => hostname)), JSON.stringify(facts));
  assert.ok(distinct(facts.map(({ machineId }) => machineId)), JSON.stringify(facts));
}

/** Begins to count in /tmp/count. @returns asks what was counted before that, and now; then it ends */
async function startCounting(machine: OpenMachine): Promise<() => Promise<{ earliest: number; now: number }>> {
  await saidIn(machine, ["rm", "-f", "/tmp/count"]);
  const counting = startIn(machine, ["/bin/sh", "-c", COUNT, "/tmp/count"]);
  const outcome = outcomeOf(counting);
  const read = async (): Promise<number> =>
    Number(
      await saidIn(
        machine,
        "while [ ! -s /tmp/count ]; do usleep 5000 2>/dev/null || sleep 0.01; done; cat /tmp/count",
      ),
    );
  const earliest = await read();
  return async () => {
    const now = await read();
    counting.kill();
    await outcome;
    return { earliest, now: Math.max(now, Number(await saidIn(machine, ["cat", "/tmp/count"]))) };
  };
}

/** Writes a file of random bytes. @returns its SHA-256 */
async function putRandom({ guest, surroundings: { user } }: OpenMachine, path: string): Promise<string> {
  const content = randomBytes(100_000);
  const chunks = (async function* () {
    yield content;
  })();
  await guest.putFile(path, chunks, user === undefined ? {} : { user });
  return hash("sha256", content);
}

async function hashes(machine: OpenMachine, folder: string): Promise<Map<string, string>> {
  const lines = (await saidIn(machine, `sha256sum ${folder}/cycle-*`)).split("\n").map((line) => line.split(/\s+/));
  return new Map(lines.map(([sum = "", file = ""]) => [file, sum]));
}
