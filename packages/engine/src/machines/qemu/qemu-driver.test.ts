import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { isAlive } from "../../process/process-table.ts";
import { until } from "../../process/testing/until.ts";
import type { GuestConnection } from "../guest/port.ts";
import { findMachineGroups, probeLimits } from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { findProcess } from "../virtual/machine-process.ts";
import { shellIn, startTestMachines, type TestMachines } from "./testing/machines.ts";
import { steer } from "./launch.ts";
import { queryStatus, saveState } from "./migration.ts";

/** Cycles of pausing, saving and going back: a hundred by hand, fewer in every test run. */
const CYCLES = Number(process.env["QEMU_CYCLES"] ?? 20);
/** Counts in a file that is never synced: it lives in memory alone. */
const COUNT =
  "i=$(cat /tmp/count 2>/dev/null || echo 0); while :; do i=$((i+1)); echo $i >/tmp/next; mv /tmp/next /tmp/count; usleep 20000; done";
/** What the manager sets, as a machine's limit of processes. */
const PROCESSES = 300;
/** The process that is waited for only waits: where a shell can't fork any more it exits. */
const BOMB = "sh -c 'b() { b | b & }; while :; do b; done' 2>/dev/null & exec sleep 600";

let machines: TestMachines;
let first: MachineSpec;

before(async () => {
  machines = await startTestMachines();
  first = machines.newSpec();
  // From here on, machines of this size are clones: one boot is enough for all.
  const { image, templates: folder, driver } = machines;
  await driver.templates?.prepare({
    image,
    limits: first.limits,
    folder,
    warmUp: [["/bin/true"], ["/does/not/exist"]],
  });
  await driver.create(first);
});
after(() => machines[Symbol.asyncDispose]());

test("a machine runs programs, takes files and gives them back, and uses what it says", async () => {
  const { driver, guestOf } = machines;
  const guest = await guestOf(first);
  const content = randomBytes(300_000);
  await guest.putFile("/root/there", chunks(content));
  assert.equal((await shellIn(guest, "sha256sum /root/there")).split(" ")[0], hash("sha256", content));
  const back = [];
  for await (const chunk of guest.getFile("/root/there", { maxBytes: 1_000_000 })) back.push(chunk);
  assert.deepEqual(Buffer.concat(back), content);
  assert.equal(await shellIn(guest, "ls /sys/class/net"), "lo");
  const { cpuMs = 0, memoryKib = 0, diskKib = 0 } = await driver.stats(first);
  assert.ok(cpuMs > 0 && memoryKib > 1000 && diskKib > 0);
  assert.equal(existsSync(driver.console?.(first).log ?? ""), true);
});

test("four connections work side by side; the fifth is refused, and a port is free again after use", async () => {
  const spec = machines.newSpec();
  await machines.driver.create(spec);
  const guests = await Promise.all([1, 2, 3, 4].map(() => machines.guestOf(spec)));
  assert.deepEqual(await Promise.all(guests.map((guest, index) => shellIn(guest, `echo ${index}`))), [
    "0",
    "1",
    "2",
    "3",
  ]);
  await assert.rejects(machines.driver.connect(spec), /connections that a machine takes/);
  await guests[2]?.[Symbol.asyncDispose]();
  assert.equal(await shellIn(await machines.guestOf(spec), "echo again"), "again");
  await machines.driver.destroy(spec);
});

test("stopping keeps what was written to the disk, and starting boots from it", async () => {
  const { driver, guestOf, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  await shellIn(await guestOf(spec), "echo kept >/root/kept");
  await driver.stop(spec);
  assert.equal(await driver.state(spec), "stopped");
  await driver.start(spec);
  assert.equal(await driver.state(spec), "running");
  assert.equal(await shellIn(await guestOf(spec), "cat /root/kept"), "kept");
  await driver.destroy(spec);
});

test("a machine whose process ends while it is asked is stopped", async () => {
  const { driver, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  const { pid = 0 } = findProcess(spec.folder) ?? {};
  process.kill(pid, "SIGSTOP"); // So that it can't answer.
  const asked = driver.state(spec);
  process.kill(pid, "SIGKILL");
  assert.equal(await asked, "stopped");
  await driver.destroy(spec);
});

test(
  `after ${CYCLES} times of pausing, saving and going back, no byte is lost`,
  { timeout: 30_000 * CYCLES },
  async () => {
    const { driver, guestOf, newSpec } = machines;
    const spec = newSpec();
    await driver.create(spec);
    let guest = await guestOf(spec);
    const files = new Map<string, string>();
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const counter = guest.exec({ argv: ["/bin/sh", "-c", COUNT], env: { PATH: "/bin" } });
      const content = randomBytes(20_000);
      files.set(`/root/file-${cycle}`, hash("sha256", content));
      await guest.putFile(`/root/file-${cycle}`, chunks(content));
      const start = await countIn(guest);
      await driver.pause?.(spec);
      assert.equal(await driver.state(spec), "paused");
      await driver.resume?.(spec);
      const earliest = await countAbove(guest, start);
      const { pausedMs } = (await driver.snapshot?.(spec, `cycle-${cycle}`, "full")) ?? {};
      assert.ok(pausedMs !== undefined && pausedMs > 0 && pausedMs < 2000, `paused for ${pausedMs} ms`);
      await shellIn(guest, "rm /root/file-*; echo wrong >/root/wrong; sync; echo wrong >/tmp/wrong");
      await driver.restore?.(spec, `cycle-${cycle}`);
      await counter.exit;
      guest = await guestOf(spec);
      assert.ok((await countIn(guest)) >= earliest);
      assert.equal(await shellIn(guest, "[ -e /tmp/wrong ] || echo gone"), "gone");
      assert.deepEqual(await hashesIn(guest), files);
      await driver.removeSnapshot?.(spec, `cycle-${cycle}`);
    }
    await driver.destroy(spec);
  },
);

test("a snapshot of the disk is taken while the machine runs, and a clone of it boots with what was there", async () => {
  const { driver, guestOf, newSpec } = machines;
  const [spec, copy] = [newSpec(), newSpec({ memoryMib: 192 })];
  await driver.create(spec);
  const guest = await guestOf(spec);
  await shellIn(guest, "echo before >/root/word");
  const facts = await driver.snapshot?.(spec, "early", "disk");
  assert.equal(facts?.kind, "disk");
  await shellIn(guest, "echo after >/root/word; sync");
  await driver.clone?.(spec, copy, "early");
  assert.equal(await shellIn(await guestOf(copy), "cat /root/word"), "before");
  assert.equal(await shellIn(guest, "cat /root/word"), "after");
  await driver.destroy(spec);
  assert.equal(
    await shellIn(await guestOf(copy), "cat /root/word; echo more >/root/word; cat /root/word"),
    "before\nmore",
  );
  await driver.destroy(copy);
});

test("a machine that stands still can be saved, and stands still afterwards", async () => {
  const { driver, guestOf, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  await driver.pause?.(spec);
  await driver.snapshot?.(spec, "still", "full");
  assert.equal(await driver.state(spec), "paused");
  await driver.resume?.(spec);
  assert.equal(await shellIn(await guestOf(spec), "echo lives >/root/word; sync; cat /root/word"), "lives");
  await driver.destroy(spec);
});

test("three forks of a running machine have its memory, and go ways of their own", async () => {
  const { driver, guestOf, newSpec } = machines;
  const [source, ...forks] = [newSpec(), newSpec(), newSpec(), newSpec()];
  await driver.create(source);
  const guest = await guestOf(source);
  await shellIn(guest, "echo shared >/tmp/word");
  await driver.fork?.(source, forks);
  const all = [guest, ...(await Promise.all(forks.map(guestOf)))];
  await Promise.all(all.map((each, index) => shellIn(each, `echo ${index} >>/tmp/word; sync`)));
  const words = await Promise.all(all.map((each) => shellIn(each, "cat /tmp/word")));
  assert.deepEqual(
    words,
    [0, 1, 2, 3].map((index) => `shared\n${index}`),
  );
  assert.deepEqual(
    readdirSync(source.folder).filter((file) => file.startsWith("state-")),
    [],
  );
  await Promise.all([source, ...forks].map((spec) => driver.destroy(spec)));
});

test("a snapshot that can't be written says so, leaves nothing, and the machine goes on", async () => {
  const { driver, guestOf, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  const guest = await guestOf(spec);
  // A folder in the way of the socket that the memory goes over: root may write everywhere else.
  const obstacle = join(spec.socketFolder, "migration");
  mkdirSync(join(obstacle, "full"), { recursive: true });
  await assert.rejects(async () => driver.snapshot?.(spec, "never", "full"), isMachineFailure);
  assert.deepEqual(
    readdirSync(spec.folder).filter((file) => file.startsWith("state-")),
    [],
  );
  rmdirSync(join(obstacle, "full"));
  rmdirSync(obstacle);
  await assert.rejects(saveThatFails(spec), /on purpose/);
  assert.deepEqual(
    readdirSync(spec.folder).filter((file) => file.startsWith("state-")),
    [],
  );
  assert.equal(await driver.state(spec), "running");
  assert.equal(await shellIn(guest, "echo lives >/root/word; cat /root/word"), "lives");
  await assert.rejects(async () => driver.restore?.(spec, "never"), /no snapshot named never/);
  assert.equal((await driver.snapshot?.(spec, "never", "full"))?.kind, "full");
  await driver.destroy(spec);
});

test("a machine whose process was killed is stopped, starts again, and is destroyed without a trace", async () => {
  const { driver, guestOf, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  await guestOf(spec);
  const pid = Number(readFileSync(join(spec.folder, "qemu.pid"), "utf8"));
  assert.ok((await driver.found({ env: {} })).includes(spec.id));
  process.kill(pid, "SIGKILL");
  await until("the process has ended", () => !isAlive(pid));
  assert.equal(await driver.state(spec), "stopped");
  await assert.rejects(driver.connect(spec), /does not run/);
  await assert.rejects(async () => driver.pause?.(spec), /does not run/);
  await driver.start(spec);
  const anew = Number(readFileSync(join(spec.folder, "qemu.pid"), "utf8"));
  await driver.destroy(spec);
  await driver.destroy(spec);
  assert.equal(isAlive(anew), false);
  assert.deepEqual(readdirSync(spec.socketFolder), []);
  assert.equal((await driver.found({ env: {} })).includes(spec.id), false);
});

test("a process that nobody remembers is found and removed by its machine's id alone", async () => {
  const { driver, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  writeFileSync(join(spec.folder, "process.json"), JSON.stringify({ pid: process.pid, start: "another time" }));
  assert.equal(await driver.state(spec), "stopped", "a number that was used again is not the machine's");
  assert.ok((await driver.found({ env: {} })).includes(spec.id));
  await driver.remove(spec.id, { env: {} });
  assert.equal((await driver.found({ env: {} })).includes(spec.id), false);
});

test("a fork bomb and what QEMU uses stay within limits: the agent answers, and the machine goes at once", async () => {
  const { driver, guestOf, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  const isInGroup = (): boolean => findMachineGroups().some(({ id }) => id === spec.id);
  assert.equal(isInGroup(), (await probeLimits()).method.startsWith("cgroup"));
  const guest = await guestOf(spec);
  await shellIn(guest, `echo ${PROCESSES} >/proc/sys/kernel/threads-max`);
  const bomb = guest.exec({ argv: ["/bin/sh", "-c", BOMB], env: { PATH: "/bin" }, user: "agent" });
  await bomb.pid;
  let processes = 0;
  while (processes < PROCESSES / 2) ({ processes } = await guest.health());
  const asked = performance.now();
  await Promise.all([guest.ping(), guestOf(spec)]);
  await driver.destroy(spec);
  assert.ok(performance.now() - asked < 5000, `answered and gone after ${performance.now() - asked} ms`);
  assert.equal((await bomb.exit).cause, "lost");
  assert.equal(isInGroup(), false);
});

test("memory that another QEMU saved is not restored", async () => {
  const { driver, newSpec } = machines;
  const spec = newSpec();
  await driver.create(spec);
  await driver.snapshot?.(spec, "foreign", "full");
  const file = join(spec.folder, "virtual-machine.json");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(/"fingerprint":"[0-9a-f]{64}"/, `"fingerprint":"${"0".repeat(64)}"`),
  );
  await assert.rejects(async () => driver.restore?.(spec, "foreign"), /saved by another QEMU/);
  assert.equal(await driver.state(spec), "running", "it was refused before anything was touched");
  await driver.destroy(spec);
});

test("a template that calls itself by another name is refused; of other limits there is none", async () => {
  const { driver, image, templates: folder, newSpec } = machines;
  const spec = newSpec();
  const template = { image, folder, warmUp: [], limits: spec.limits };
  const fingerprint = (await driver.templates?.fingerprint(template)) ?? "";
  const other = await driver.templates?.fingerprint({ ...template, limits: { ...spec.limits, memoryMib: 384 } });
  assert.notEqual(other, fingerprint);
  const file = join(folder, fingerprint, "template.json");
  const whole = readFileSync(file, "utf8");
  writeFileSync(file, JSON.stringify({ fingerprint: other }));
  await assert.rejects(driver.create(spec), /calls itself/);
  writeFileSync(file, whole);
  assert.equal(await driver.templates?.prepare(template), fingerprint);
  assert.deepEqual(readdirSync(folder), [fingerprint], "nothing half made is left");
});

/** Fails at the worst moment: the machine stands still, and its memory is saved but for the last of it. */
async function saveThatFails(spec: MachineSpec): Promise<void> {
  using monitor = await steer(spec);
  const whileStill = async (): Promise<void> => {
    assert.equal((await queryStatus(monitor)).running, false);
    throw new Error("on purpose");
  };
  const { socketFolder } = spec;
  await saveState({ monitor, socketFolder, file: join(spec.folder, "state-1"), isTemplate: false, whileStill });
}

function isMachineFailure(error: unknown): boolean {
  return CloisterError.isInstance(error) && error.code === "machine_failed";
}

async function* chunks(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

async function countIn(guest: GuestConnection): Promise<number> {
  return Number(await shellIn(guest, "while [ ! -s /tmp/count ]; do usleep 5000; done; cat /tmp/count"));
}

async function countAbove(guest: GuestConnection, count: number): Promise<number> {
  return Number(
    await shellIn(guest, `while [ "$(cat /tmp/count)" -le ${count} ]; do usleep 5000; done; cat /tmp/count`),
  );
}

async function hashesIn(guest: GuestConnection): Promise<Map<string, string>> {
  const lines = (await shellIn(guest, "sha256sum /root/*")).split("\n").map((line) => line.split(/\s+/));
  return new Map(lines.map(([sum = "", file = ""]) => [file, sum]));
}
