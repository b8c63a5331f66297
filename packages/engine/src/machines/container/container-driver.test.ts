import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CloisterError } from "@cloister/core";
import { connectGuest } from "../guest/connect-guest.ts";
import type { GuestConnection } from "../guest/port.ts";
import { guestProgram } from "../guest/program.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { LimitBreach } from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { machineForTest, openGuest } from "../tool/testing/machine-for-test.ts";
import { plainEngine } from "./engine.ts";
import { findEngine } from "./find-engine.ts";
import { createContainerDriver } from "./index.ts";
import { makeBusyboxArchive } from "./testing/busybox-archive.ts";
import { groupLimitsOf } from "./watch-container.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-container-"));
const home = join(folder, "home");
const cache = join(folder, "cache");
mkdirSync(cache);
mkdirSync(home);
// A state of its own: what other homes have in the same engine is not seen, and not touched.
const env = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", XDG_STATE_HOME: home };
const driver = createContainerDriver({ env, cache });
const archive = makeBusyboxArchive(folder);
const digest = createHash("sha256").update(readFileSync(archive)).digest("hex");
const image = `localhost/cloister-test-${process.pid}:1`;
const made: MachineSpec[] = [];

const podman = (...args: readonly string[]): string =>
  execFileSync("podman", args, { encoding: "utf8", stdio: "pipe" });
before(async () => {
  podman("import", archive, image);
  await guestProgram({ architecture: process.arch, cache });
});
after(async () => {
  for (const machine of made) await driver.destroy(machine);
  podman("rmi", image);
  rmSync(folder, { recursive: true, force: true });
});

function newMachine(part: Partial<MachineSpec> = {}): MachineSpec {
  const machine = machineForTest(folder, { image, ...part });
  made.push(machine);
  return machine;
}

const sh = (guest: GuestConnection, script: string, user = "agent") =>
  runInGuest(guest, {
    argv: ["/bin/sh", "-c", script],
    env: { PATH: "/bin" },
    user,
    cwd: "/",
    timeLimitMs: 20_000,
    allow: [1, 2, 137, 143],
  });

async function untilStopped(machine: MachineSpec): Promise<void> {
  while ((await driver.state(machine)) !== "stopped");
}

const unusable: readonly (readonly [name: string, env: Record<string, string>, reason: RegExp])[] = [
  ["no engine is installed", { PATH: "/nonexistent" }, /podman is not installed\. docker is not installed\./],
  [
    "an engine is named that there is not",
    { CLOISTER_CONTAINER_ENGINE: "lxc" },
    /expected podman or docker, got "lxc"/,
  ],
  [
    "a runtime is named that there is not",
    { CLOISTER_CONTAINER_ENGINE: "podman", CLOISTER_CONTAINER_RUNTIME: "norun" },
    /podman \S+ is installed, but can't run a container: .*norun/,
  ],
  [
    "a runtime is named like an option",
    { CLOISTER_CONTAINER_RUNTIME: "--privileged" },
    /expected the name of a container runtime/,
  ],
];
for (const [name, part, reason] of unusable) {
  test(`a probe says why it is not usable where ${name}`, async () => {
    const probe = await driver.probe({ env: { ...env, ...part } });
    assert.equal(probe.usable, false);
    assert.match(probe.reason, reason);
    assert.ok(probe.remedy);
  });
}

test("an engine that hangs is named, and that nothing else was tried", async () => {
  const bin = join(folder, "hanging");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "podman"),
    '#!/bin/sh\n[ "$1" = --version ] && exec echo podman version 9.9\nexec sleep 60\n',
    {
      mode: 0o755,
    },
  );
  const { probe } = await findEngine({
    env: { ...env, PATH: `${bin}:${env["PATH"] ?? ""}`, CLOISTER_CONTAINER_ENGINE: "" },
    cache,
    timeLimitMs: 1000,
  });
  assert.equal(probe.usable, false);
  assert.match(probe.reason, /podman 9\.9 is installed.*did not end in time.*There was no time left to try docker\./s);
});

test("a machine works as an ordinary user without capabilities, network or the host's files", async () => {
  const shared = join(folder, "shared");
  mkdirSync(shared);
  writeFileSync(join(shared, "note"), "from the host");
  const canary = createServer().listen(0, "127.0.0.1");
  await once(canary, "listening");
  const machine = newMachine({ mounts: [{ from: shared, to: "/mnt/shared", writable: false }] });
  await driver.create(machine);
  assert.equal(await driver.state(machine), "running");
  await using guest = await openGuest(driver, machine);

  const expected: readonly (readonly [script: string, output: RegExp])[] = [
    ["id -u; id -g; cd; pwd", /^1000\n1000\n/],
    ["grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status", /CapPrm:\s+0+\nCapEff:\s+0+\nNoNewPrivs:\s+1\n/],
    ["ls /sys/class/net; ip route; ip -6 route show default", /^lo\n$/],
    [
      `nc -w 2 127.0.0.1 ${(canary.address() as AddressInfo).port} </dev/null && echo reached || echo refused`,
      /^refused\n$/,
    ],
    ["cat /mnt/shared/note; echo x 2>/dev/null >/mnt/shared/note || echo refused", /^from the hostrefused\n$/],
    ["echo x 2>/dev/null >/cloister/guest || echo refused", /^refused\n$/],
    ["ls -d /work /var/lib/containers 2>/dev/null; echo none", /^none\n$/],
    ["echo text >/home/agent/file; cat /home/agent/file", /^text\n$/],
  ];
  for (const [script, output] of expected) assert.match((await sh(guest, script)).stdout, output, script);
  assert.match((await sh(guest, "echo x 2>/dev/null >/mnt/shared/note || echo refused", "root")).stdout, /refused/);
  assert.equal(readFileSync(join(shared, "note"), "utf8"), "from the host");
  canary.close();

  const stats = await driver.stats(machine);
  assert.ok((stats.memoryKib ?? 0) > 0 && (stats.cpuMs ?? 0) > 0 && (stats.processes ?? 0) >= 2, JSON.stringify(stats));
});

const GLUTTONS: Readonly<Record<LimitBreach["limit"], readonly [script: string, said: RegExp]>> = {
  memory: ["tail -c 1000000000 </dev/zero", /It needed more than its 96 MiB of memory/],
  // The shell that waits must not be the one that can't fork any more: it would exit before its machine is killed.
  processes: ["sh -c 'bomb() { bomb | bomb & }; bomb' & exec sleep 60", /It tried to have more than its 48 processes/],
  disk: ["head -c 100000000 /dev/zero >/home/agent/much", /It wrote \d+ MiB, more than its 32 MiB/],
};
for (const [what, [script, said]] of Object.entries(GLUTTONS))
  test(`a machine that uses up its ${what} is killed, and says why`, { timeout: 60_000 }, async () => {
    const limits = { memoryMib: 96, cpus: 1, diskMib: 32, processes: 48 };
    const machine = newMachine({ limits });
    await driver.create(machine);
    const transport = await driver.connect(machine);
    const ended = once(transport.stream, "error");
    await using guest = await connectGuest(transport);
    assert.equal((await sh(guest, "head -c 8000000 /dev/zero >/home/agent/little; echo fits")).stdout, "fits\n");
    const argv = ["/bin/sh", "-c", `${script}; sleep 60`];
    const filling = guest.exec({ argv, cwd: "/", env: { PATH: "/bin" }, user: "agent" });
    const [error] = (await ended) as [unknown];
    assert.ok(CloisterError.isInstance(error) && error.code === "machine_failed");
    assert.match(error.message, /stopped by its limits\./);
    assert.match(error.message, said);
    assert.equal((error.cause as LimitBreach).limit, what);
    assert.equal((await filling.exit).cause, "lost");
    await untilStopped(machine);
    await driver.start(machine);
    assert.equal(await driver.state(machine), "running", "its maker may make room, or give it more");
  });

test("a program that hits a limit of its own, or is killed, is not the machine's limit", async () => {
  const machine = newMachine();
  await driver.create(machine);
  const { breach } = await groupLimitsOf({ engine: plainEngine("podman"), env }, machine);
  await using guest = await openGuest(driver, machine);
  const script = "(ulimit -v 20000; tail -c 1000000000 </dev/zero 2>&1); sh -c 'kill -9 $$'; echo still here";
  assert.match((await sh(guest, script)).stdout, /out of memory\nstill here\n$/);
  assert.equal(breach(), undefined);
});

test("a machine stands still while it is paused, and goes on", async () => {
  const machine = newMachine();
  await driver.create(machine);
  await driver.pause?.(machine);
  assert.equal(await driver.state(machine), "paused");
  await driver.resume?.(machine);
  await using guest = await openGuest(driver, machine);
  assert.equal((await sh(guest, "echo on")).stdout, "on\n");
  await driver.pause?.(machine);
  await driver.stop(machine);
  assert.equal(await driver.state(machine), "stopped");
  await driver.start(machine);
  assert.equal(await driver.state(machine), "running");
});

test(
  "snapshots, restores and clones hold the files as they were; destroying leaves nothing",
  { timeout: 60_000 },
  async () => {
    const source = newMachine();
    const clone = newMachine();
    const fromSnapshot = newMachine();
    await driver.create(source);
    const write = async (machine: MachineSpec, text: string): Promise<void> => {
      await using guest = await openGuest(driver, machine);
      await sh(guest, `echo ${text} >/home/agent/file`);
    };
    const read = async (machine: MachineSpec): Promise<string> => {
      await using guest = await openGuest(driver, machine);
      return (await sh(guest, "cat /home/agent/file")).stdout;
    };
    await write(source, "first");
    const facts = await driver.snapshot?.(source, "one", "disk");
    assert.ok(facts !== undefined && facts.pausedMs > 0 && facts.sizeKib > 0);
    await write(source, "second");
    await driver.clone?.(source, clone);
    await driver.clone?.(source, fromSnapshot, "one");
    assert.deepEqual(
      [await read(source), await read(clone), await read(fromSnapshot)],
      ["second\n", "second\n", "first\n"],
    );
    await driver.restore?.(source, "one");
    assert.equal(await driver.state(source), "stopped");
    await driver.start(source);
    assert.equal(await read(source), "first\n");
    await driver.snapshot?.(source, "two", "disk");
    await driver.removeSnapshot?.(source, "one");
    await assert.rejects(async () => driver.restore?.(source, "one"), { code: "machine_failed" });
    await assert.rejects(async () => driver.snapshot?.(source, "three", "full"), { code: "machine_unsupported" });

    await driver.destroy(source);
    await driver.destroy(source);
    assert.equal(await driver.state(source), "missing");
    assert.equal(await read(fromSnapshot), "first\n", "a clone outlives what it was made of");
    await driver.destroy(clone);
    await driver.destroy(fromSnapshot);
    const left = `${podman("ps", "--all", "--format", "{{.Names}}")}${podman("images", "--all", "--format", "{{.Repository}}:{{.Tag}}")}`;
    for (const { id } of [source, clone, fromSnapshot]) assert.ok(!left.includes(id), left);
  },
);

test("a machine whose restore was cut off is restored when it starts", async () => {
  const machine = newMachine();
  await driver.create(machine);
  await driver.snapshot?.(machine, "one", "disk");
  await driver.restore?.(machine, "one");
  // As a crash leaves it: the old container is gone, the new one is not there yet.
  podman("rm", "--force", `cloister-${machine.id}`);
  const record = join(machine.folder, "container.json");
  writeFileSync(record, readFileSync(record, "utf8").replace('"isRestoring":false', '"isRestoring":true'));
  assert.equal(await driver.state(machine), "stopped");
  await driver.start(machine);
  assert.equal(await driver.state(machine), "running");
});

test(
  "when its maker is killed a machine is still there; it is found, and removed by its id",
  { timeout: 30_000 },
  async () => {
    const machine = newMachine();
    const maker = fileURLToPath(new URL("testing/make-machine.ts", import.meta.url));
    const child = spawn(process.execPath, [maker, JSON.stringify({ env, cache, machine })], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    assert.equal(line.toString(), "agent runs\n");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(await driver.found({ env }).then((ids) => ids.includes(machine.id)), true);
    assert.equal(
      (await driver.found({ env: { ...env, XDG_STATE_HOME: folder } })).includes(machine.id),
      false,
      "another home's",
    );
    await using guest = await openGuest(driver, machine);
    for (let round = 0; (await sh(guest, "ps")).stdout.includes("sleep 600"); round++)
      assert.ok(round < 100, "what it ran goes on");
    await driver.remove(machine.id, { env });
    assert.equal((await driver.found({ env })).includes(machine.id), false);
    assert.equal(await driver.state(machine), "missing");
  },
);

test("an image of Cloister's is imported once, under its digest; nothing is pulled", { timeout: 30_000 }, async () => {
  const [one, two] = [
    newMachine({ image: { digest, architecture: "amd64", archive } }),
    newMachine({ image: { digest, architecture: "amd64", archive } }),
  ];
  await Promise.all([driver.create(one), driver.create(two)]);
  await using guest = await openGuest(driver, one);
  assert.equal((await sh(guest, "id -u", "root")).stdout, "0\n");
  const names = podman("images", "--format", "{{.Repository}}:{{.Tag}}").split("\n");
  assert.equal(names.filter((name) => name.endsWith(`cloister-image:${digest.slice(0, 12)}`)).length, 1);
  await driver.destroy(one);
  await driver.destroy(two);
  podman("rmi", `cloister-image:${digest.slice(0, 12)}`);

  const refused: readonly (readonly [MachineSpec["image"], RegExp])[] = [
    [undefined, /no image was named/],
    ["cloister-no-such-image:1", /has no image cloister-no-such-image:1 on this host/],
    ["--privileged", /is no name of an image/],
    [{ digest, architecture: "amd64", disk: "/disk" }, /without an archive/],
  ];
  for (const [wrong, message] of refused) {
    const { image: _, ...rest } = newMachine();
    const machine = wrong === undefined ? rest : { ...rest, image: wrong };
    await assert.rejects(driver.create(machine), { code: "image_invalid", message });
    assert.equal(await driver.state(machine), "missing");
  }
});

test("a path that can't be mounted as it is is refused", async () => {
  const machine = newMachine({ mounts: [{ from: "/tmp/a,readonly=false", to: "/mnt", writable: false }] });
  await assert.rejects(driver.create(machine), { code: "machine_unsupported" });
});

// Last: by now it is known which way works, so that a busy host has the time that a probe is given.
test("the probe runs a container, and says which way it found", async () => {
  const probe = await driver.probe({ env });
  assert.equal(probe.usable, true, probe.reason);
  assert.match(probe.reason, /^podman \d.* runs containers /);
  const again = performance.now();
  assert.deepEqual(await driver.probe({ env }), probe);
  assert.ok(performance.now() - again < 3000);
});
