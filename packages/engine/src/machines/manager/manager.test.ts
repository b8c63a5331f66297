import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { CloisterError, DEFAULT_MACHINE_POLICY, type ErrorCode } from "@cloister/core";
import { makeSocketFolder } from "../places.ts";
import { isSameProcess, openRegistry, thisProcess } from "../registry/index.ts";
import { newMachineId } from "./names.ts";
import { createSleepDriver, endProcesses, type SleepDriverOptions } from "./testing/sleep-driver.ts";
import { leftAt, managerAt, renamed, SMALL, temporaryPlaces } from "./testing/temporary-machines.ts";

const NOTHING = { folders: [], sockets: [], processes: [] };

/** What rejects with a CloisterError of this code, and says `words`. */
function failure(code: ErrorCode, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    ok(CloisterError.isInstance(error), String(error));
    equal(error.code, code, error.message);
    match(error.describe(), words);
    return true;
  };
}

/** A manager whose one driver is made as `options` say. */
function managerWith(context: TestContext, options: SleepDriverOptions = {}) {
  const places = temporaryPlaces(context);
  const driver = createSleepDriver(options);
  return { places, driver, manager: managerAt(places, { drivers: { container: () => Promise.resolve(driver) } }) };
}

test("a machine is made, listed, found by name and by the beginning of its id, stopped, started and removed without a trace", async (context) => {
  const { manager, places } = managerWith(context);
  const made = await manager.create(SMALL);
  equal(made.name, "container-1");
  deepEqual(await manager.list(), [{ ...made, state: "running" }]);
  equal((await manager.get(made.id.slice(0, 6))).name, "container-1");
  await manager.stop("container-1");
  await manager.stop("container-1");
  equal((await manager.get("container-1")).state, "stopped");
  await manager.start("container-1");
  equal((await manager.get("container-1")).state, "running");
  await manager.remove(made.id);
  deepEqual(await manager.list(), []);
  deepEqual(leftAt(places), NOTHING);
  manager[Symbol.dispose]();
});

test("clones and forks are machines with their source's disk and policy", async (context) => {
  const { manager, places } = managerWith(context);
  const one = await manager.create({ ...SMALL, name: "one" });
  await manager.snapshot("one", "first", "disk");
  writeFileSync(join(places.machines, one.id, "disk"), "changed");
  const two = await manager.clone("one", { name: "two", snapshot: "first" });
  const [three, four] = await manager.fork("one", ["three", "four"]);
  const diskOf = (id: string | undefined): string => readFileSync(join(places.machines, id ?? "", "disk"), "utf8");
  deepEqual(
    [two, three, four].map((machine) => diskOf(machine?.id)),
    [one.id, "changed", "changed"],
  );
  deepEqual(two.policy, one.policy);
  await manager.restore("one", "first");
  equal(diskOf(one.id), one.id);
  await manager.removeSnapshot("one", "first");
  deepEqual((await manager.get("one")).snapshots, []);
  equal((await manager.list()).length, 4);
  manager[Symbol.dispose]();
});

test("what can't be done is refused with what to do, and leaves nothing", async (context) => {
  const { manager, places, driver } = managerWith(context, { operations: ["snapshot_disk"] });
  const able = renamed(createSleepDriver({ operations: ["pause", "clone"] }), "qemu");
  const both = managerAt(places, {
    drivers: { container: () => Promise.resolve(driver), qemu: () => Promise.resolve(able) },
  });
  await manager.create({ ...SMALL, name: "one" });
  await manager.snapshot("one", "first", "disk");
  const limits = SMALL.policy.limits;
  const withLimits = (change: Partial<typeof limits>) => ({
    ...SMALL,
    policy: { ...SMALL.policy, limits: { ...limits, ...change } },
  });
  const cases: readonly (readonly [ErrorCode, RegExp, () => Promise<unknown>])[] = [
    ["usage_invalid", /already/, () => manager.create({ ...SMALL, name: "one" })],
    ["usage_invalid", /lower case/, () => manager.create({ ...SMALL, name: "../one" })],
    ["usage_invalid", /lower case/, () => manager.create({ ...SMALL, name: "-one" })],
    ["usage_invalid", /cpus/, () => manager.create(withLimits({ cpus: Number.NaN }))],
    ["usage_invalid", /processes/, () => manager.create(withLimits({ processes: 0.5 }))],
    ["resources_short", /MiB of memory.*doctor --plan/, () => manager.create(withLimits({ memoryMib: 1_000_000_000 }))],
    ["resources_short", /MiB of disk/, () => manager.create(withLimits({ diskMib: 1_000_000_000 }))],
    ["machine_unavailable", /Drivers: container/, () => manager.create({ ...SMALL, driver: "lima" })],
    [
      "machine_unsupported",
      /No driver does/,
      () =>
        manager.create({ ...SMALL, policy: { ...SMALL.policy, mounts: [{ from: "/", to: "/", writable: false }] } }),
    ],
    ["machine_unsupported", /paused.*qemu/, () => both.pause("one")],
    ["machine_unsupported", /cloned.*qemu/, () => both.clone("one", {})],
    ["machine_unsupported", /with memory.*No driver/, () => both.snapshot("one", "second", "full")],
    ["machine_not_found", /Machines: one/, () => manager.stop("two")],
    ["machine_not_found", /Snapshots: first/, () => manager.restore("one", "second")],
    ["usage_invalid", /already/, () => manager.snapshot("one", "first", "disk")],
    ["usage_invalid", /lower case/, () => manager.snapshot("one", "../first", "disk")],
  ];
  for (const [code, words, act] of cases) await rejects(act, failure(code, words));
  equal((await manager.list()).length, 1);
  equal(leftAt(places).folders.length, 1);
  both[Symbol.dispose]();
  manager[Symbol.dispose]();
});

test("a machine that fails to be made is gone, and the error says why", async (context) => {
  const { manager, places } = managerWith(context, { failsToCreate: true });
  await rejects(manager.create(SMALL), failure("machine_failed", /it would not sleep/));
  deepEqual(await manager.list(), []);
  deepEqual(leftAt(places), NOTHING);
  manager[Symbol.dispose]();
});

test("a machine that can't be removed stays in the registry, and can be removed later", async (context) => {
  const { manager, places, driver } = managerWith(context);
  await manager.create({ ...SMALL, name: "one" });
  const stuck = { ...driver, destroy: () => Promise.reject(new Error("the disk is busy")) };
  const other = managerAt(places, { drivers: { container: () => Promise.resolve(stuck) } });
  await rejects(other.remove("one"), failure("machine_failed", /the disk is busy/));
  equal((await other.get("one")).state, "removing");
  await rejects(other.start("one"), failure("machine_failed", /half removed.*prune/));
  const report = await other.reconcile();
  match(report.problems.join(), /one was half removed.*the disk is busy/);
  await manager.remove("one");
  deepEqual(leftAt(places), NOTHING);
  other[Symbol.dispose]();
  manager[Symbol.dispose]();
});

test("a snapshot that fails says so, and is not in the registry", async (context) => {
  const { manager, places, driver } = managerWith(context);
  const one = await manager.create({ ...SMALL, name: "one" });
  rmSync(join(places.machines, one.id, "disk"));
  await rejects(manager.snapshot("one", "first", "disk"), failure("machine_failed", /first of one failed.*ENOENT/));
  deepEqual((await manager.get("one")).snapshots, []);
  manager[Symbol.dispose]();
  equal(driver.name, "container");
});

test("two that change one machine take turns", async (context) => {
  let atWork = 0;
  const { manager, places } = managerWith(context, {
    onStep: (step) => {
      if (step === "snapshot begun") atWork += 1;
      if (step === "snapshot copied") atWork -= 1;
      ok(atWork <= 1, "two snapshots at one time");
    },
  });
  const other = managerAt(places);
  await manager.create({ ...SMALL, name: "one" });
  const names = ["a", "b", "c", "d"];
  await Promise.all(names.map((name, index) => (index % 2 === 0 ? manager : other).snapshot("one", name, "disk")));
  deepEqual((await manager.get("one")).snapshots.map(({ name }) => name).sort(), names);
  await Promise.allSettled([manager.remove("one"), other.remove("one"), other.stop("one")]);
  deepEqual(await manager.list(), []);
  deepEqual(leftAt(places), NOTHING);
  other[Symbol.dispose]();
  manager[Symbol.dispose]();
});

test("a machine of a run goes when the run's process is gone, and no earlier", async (context) => {
  const { manager, places } = managerWith(context);
  await manager.create({ ...SMALL, name: "mine", run: "run-1" });
  const gone = { pid: process.pid, start: `${thisProcess().start}0` };
  const id = newMachineId(places);
  equal(isSameProcess(gone), false);
  {
    using registry = openRegistry({ journal: places.journal });
    const machine = { id, name: "theirs", driver: "container", policy: DEFAULT_MACHINE_POLICY, run: "run-2" } as const;
    registry.write(
      { type: "machine_creating", machine, by: gone },
      { type: "machine_created", id, socketFolder: makeSocketFolder(id) },
    );
  }
  mkdirSync(join(places.machines, id));
  await manager.create({ ...SMALL, name: "next" });
  deepEqual(
    (await manager.list()).map(({ name }) => name),
    ["mine", "next"],
  );
  equal(existsSync(join(places.machines, id)), false);
  manager[Symbol.dispose]();
});

test("reconciling removes what nobody knows and what is lost, and leaves alone what is not its own", async (context) => {
  const { manager, places } = managerWith(context);
  const elsewhere = temporaryPlaces(context);
  const other = managerAt(elsewhere);
  const theirs = await other.create({ ...SMALL, name: "theirs" });
  const lost = await manager.create({ ...SMALL, name: "lost" });
  const kept = await manager.create({ ...SMALL, name: "kept" });
  await endProcesses(lost.id);
  rmSync(join(places.machines, lost.id), { recursive: true });
  const stray = newMachineId(places);
  mkdirSync(join(places.machines, stray));
  writeFileSync(join(elsewhere.machines, "precious"), "");
  symlinkSync(elsewhere.machines, join(places.machines, stray, "link"));
  mkdirSync(join(places.machines, "notes"));
  makeSocketFolder(stray);
  const orphan = newMachineId(places);
  const folders = { folder: join(places.machines, orphan), socketFolder: makeSocketFolder(orphan) };
  mkdirSync(folders.folder);
  await createSleepDriver().create({
    ...folders,
    id: orphan,
    limits: SMALL.policy.limits,
    mounts: [],
    env: { PATH: process.env["PATH"] ?? "", CLOISTER_MACHINE: orphan },
  });

  const { removed, problems } = await manager.reconcile();
  deepEqual(problems, []);
  match(removed.join("\n"), /lost was lost/);
  ok(
    removed.some((line) => line.startsWith(orphan)) && removed.some((line) => line.startsWith(stray)),
    removed.join("\n"),
  );
  deepEqual(leftAt(places), { folders: [kept.id], sockets: [kept.id], processes: [kept.id] });
  ok(existsSync(join(places.machines, "notes")) && existsSync(join(elsewhere.machines, "precious")));
  deepEqual(leftAt(elsewhere).processes, [theirs.id]);
  deepEqual(await manager.reconcile(), { adopted: [], removed: [], problems: [] });
  other[Symbol.dispose]();
  manager[Symbol.dispose]();
});

test("drivers that fail or do not answer hold up neither the list nor the others", async (context) => {
  const { manager, places, driver } = managerWith(context);
  await manager.create({ ...SMALL, name: "one" });
  const silent = { ...driver, state: () => new Promise<never>(() => undefined) };
  const failing = renamed({ ...createSleepDriver(), found: () => Promise.reject(new Error("no daemon")) }, "qemu");
  const other = managerAt(places, { drivers: { container: () => Promise.resolve(silent) } });
  const third = managerAt(places, {
    drivers: { container: () => Promise.resolve(driver), qemu: () => Promise.resolve(failing) },
  });
  deepEqual(
    (await other.list()).map(({ state }) => state),
    ["unknown"],
  );
  const { removed, problems } = await third.reconcile();
  deepEqual(removed, []);
  match(problems.join(), /^The driver qemu could not be asked: .*no daemon$/);
  deepEqual(
    (await third.drivers()).map(({ name, usable }) => [name, usable]),
    [
      ["container", true],
      ["qemu", true],
    ],
  );
  other[Symbol.dispose]();
  third[Symbol.dispose]();
  manager[Symbol.dispose]();
});
