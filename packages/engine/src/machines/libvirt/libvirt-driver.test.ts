import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { startLibvirtd, type TestLibvirt } from "@cloister/testkit";
import { until } from "../../process/testing/until.ts";
import type { GuestConnection } from "../guest/port.ts";
import type { MachineDriver, MachineId, MachineSpec } from "../port.ts";
import { shellIn, startTestMachines, type TestMachines } from "../qemu/testing/machines.ts";
import { openGuest } from "../tool/testing/machine-for-test.ts";
import { createLibvirtDriver } from "./index.ts";

let libvirt: TestLibvirt;
let machines: TestMachines;
let driver: MachineDriver;
let first: MachineSpec;
const specs: MachineSpec[] = [];

before(async () => {
  [libvirt, machines] = await Promise.all([startLibvirtd(), startTestMachines()]);
  driver = createLibvirtDriver({ env: libvirt.env });
  first = newSpec();
  await driver.create(first);
});
after(async () => {
  await Promise.all(specs.map((spec) => driver.destroy(spec)));
  await machines[Symbol.asyncDispose]();
  await libvirt[Symbol.asyncDispose]();
});

test("the probe finds within 3 s that libvirt runs machines, and on what", async () => {
  const begun = performance.now();
  const probe = await driver.probe({ env: libvirt.env });
  assert.ok(performance.now() - begun < 3000);
  assert.equal(probe.usable, true, probe.reason);
  assert.equal(probe.acceleration, "tcg", "this libvirt is kept from /dev/kvm");
  assert.match(probe.version ?? "", /^\d+\.\d+/);
});

test("a machine runs programs, has no network, tells what it uses, and keeps its console's log", async () => {
  await using guest = await openGuest(driver, first);
  assert.equal(await shellIn(guest, "ls /sys/class/net"), "lo");
  const { cpuMs = 0, memoryKib = 0, diskKib = 0 } = await driver.stats(first);
  assert.ok(cpuMs > 0 && memoryKib > 1000 && diskKib > 0, JSON.stringify({ cpuMs, memoryKib, diskKib }));
  await shellIn(guest, "echo on the console >/dev/ttyS0");
  const { log = "", attach = [] } = driver.console?.(first) ?? {};
  await until("the console's words are in its log", () => readFileSync(log, "utf8").includes("on the console"));
  assert.deepEqual(attach.slice(-2), ["console", `cloister-${first.id}`]);
  await assert.rejects(shellIn(guest, "exit 3"));
});

test("a machine stands still while it is paused, and four connections work side by side", async () => {
  await driver.pause?.(first);
  assert.equal(await driver.state(first), "paused");
  await driver.start(first);
  assert.equal(await driver.state(first), "running");
  const guests = await Promise.all([1, 2, 3, 4].map(() => openGuest(driver, first)));
  assert.deepEqual(await Promise.all(guests.map((guest, index) => shellIn(guest, `echo ${index}`))), [
    "0",
    "1",
    "2",
    "3",
  ]);
  await assert.rejects(driver.connect(first), /connections that a machine takes/);
  await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
});

test("a machine goes back to a snapshot with its memory, again and again", async () => {
  let guest = await openGuest(driver, first);
  await shellIn(guest, "echo right >/tmp/word; echo right >/root/word");
  const facts = await driver.snapshot?.(first, "whole", "full");
  assert.ok(facts !== undefined && facts.pausedMs > 0 && facts.pausedMs < 5000, `paused for ${facts?.pausedMs} ms`);
  assert.ok(facts.sizeKib > 10_000);
  for (const wrong of ["wrong", "wrong again"]) {
    assert.equal(await shellIn(guest, "cat /tmp/word /root/word"), "right\nright");
    await shellIn(guest, `echo ${wrong} | tee /tmp/word >/root/word; sync`);
    await driver.restore?.(first, "whole");
    await guest[Symbol.asyncDispose]();
    guest = await openGuest(driver, first);
  }
  assert.equal(await shellIn(guest, "cat /tmp/word /root/word"), "right\nright");
  await guest[Symbol.asyncDispose]();
  await assert.rejects(async () => driver.snapshot?.(first, "whole", "disk"), /a snapshot named whole already/);
  await assert.rejects(async () => driver.restore?.(first, "none"), /no snapshot named none/);
  await driver.removeSnapshot?.(first, "whole");
  assert.deepEqual(statesIn(first), []);
});

test("a snapshot of a paused machine leaves it paused", async () => {
  await driver.pause?.(first);
  const facts = await driver.snapshot?.(first, "still", "full");
  assert.equal(facts?.pausedMs, 0);
  assert.equal(await driver.state(first), "paused");
  await driver.resume?.(first);
  assert.equal(await driver.state(first), "running");
  await driver.removeSnapshot?.(first, "still");
});

test("a snapshot that does not fit says so, leaves nothing, and the machine goes on", async () => {
  await using guest = await openGuest(driver, first);
  const limitFiles = (bytes: string): unknown =>
    execFileSync("prlimit", ["--pid", String(libvirt.pid), `--fsize=${bytes}`]);
  limitFiles("1048576:unlimited");
  try {
    await assert.rejects(async () => driver.snapshot?.(first, "large", "full"), isMachineFailure);
  } finally {
    limitFiles("unlimited:unlimited");
  }
  assert.deepEqual(statesIn(first), []);
  assert.equal(await driver.state(first), "running");
  assert.equal(await shellIn(guest, "echo lives >/root/lives; sync; cat /root/lives"), "lives");
  assert.equal((await driver.snapshot?.(first, "large", "full"))?.kind, "full");
  await driver.restore?.(first, "large");
  await using again = await openGuest(driver, first);
  assert.equal(await shellIn(again, "cat /root/lives"), "lives");
  await driver.removeSnapshot?.(first, "large");
});

test("a clone has the disk of a stopped machine, and the machine goes back to the disk of a snapshot", async () => {
  await writeAndLeave(first, "echo before >/root/word");
  assert.equal((await driver.snapshot?.(first, "early", "disk"))?.kind, "disk");
  await writeAndLeave(first, "echo after >/root/word");
  await driver.stop(first);
  assert.equal(await driver.state(first), "stopped");
  await assert.rejects(driver.connect(first), /does not run/);
  await assert.rejects(async () => driver.snapshot?.(first, "full", "full"), /no memory to save/);
  assert.deepEqual(Object.keys(await driver.stats(first)), ["diskKib"]);
  const copy = newSpec({ memoryMib: 192 });
  await driver.clone?.(first, copy);
  await driver.restore?.(first, "early");
  assert.equal(await driver.state(first), "stopped");
  await driver.start(first);
  await using guest = await openGuest(driver, first);
  await using other = await openGuest(driver, copy);
  assert.equal(await shellIn(other, "cat /root/word; echo own >/root/word"), "after");
  assert.equal(await shellIn(guest, "cat /root/word"), "before");
  assert.deepEqual(new Set(await driver.found({ env: libvirt.env })), new Set([first.id, copy.id]));
});

test(
  "a machine whose process was killed is stopped, and is destroyed without a trace",
  { timeout: 60_000 },
  async () => {
    process.kill(qemuOf(first), "SIGKILL");
    while ((await driver.state(first)) !== "stopped");
    await driver.destroy(first);
    await driver.destroy(first);
    assert.deepEqual(readdirSync(first.socketFolder), []);
    assert.equal((await driver.found({ env: libvirt.env })).includes(first.id), false);
  },
);

test("a domain that nobody remembers is found and removed by its machine's id alone", async () => {
  const [, copy] = specs;
  assert.ok(copy);
  const pid = qemuOf(copy);
  await driver.remove(copy.id, { env: libvirt.env });
  assert.deepEqual(await driver.found({ env: libvirt.env }), []);
  assert.equal(existsSync(`/proc/${pid}`), false);
  await driver.remove(copy.id, { env: libvirt.env });
});

test("a machine that can't start says why, and nothing of it is left", async () => {
  const spec = newSpec({ cpus: 100_000 });
  await assert.rejects(driver.create(spec), isMachineFailure);
  assert.deepEqual(await driver.found({ env: libvirt.env }), []);
  await assert.rejects(
    driver.create({ ...newSpec(), image: "debian:12" }),
    /an image that Cloister built, got debian:12/,
  );
});

function newSpec(limits: Parameters<TestMachines["newSpec"]>[0] = {}): MachineSpec {
  const spec = machines.newSpec(limits);
  specs.push(spec);
  return spec;
}

async function writeAndLeave(machine: MachineSpec, command: string): Promise<void> {
  await using guest: GuestConnection = await openGuest(driver, machine);
  await shellIn(guest, command);
}

function statesIn({ folder }: MachineSpec): string[] {
  return readdirSync(folder).filter((file) => file.startsWith("state-"));
}

function qemuOf({ id }: { readonly id: MachineId }): number {
  const isIts = (pid: string): boolean => commandLine(pid).includes(`guest=cloister-${id},`);
  return Number(readdirSync("/proc").find((name) => /^\d+$/.test(name) && isIts(name)));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}

function isMachineFailure(error: unknown): boolean {
  return CloisterError.isInstance(error) && error.code === "machine_failed";
}
