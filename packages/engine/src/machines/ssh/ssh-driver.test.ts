import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { until } from "../../process/testing/until.ts";
import type { GuestConnection } from "../guest/port.ts";
import { guestProgram } from "../guest/program.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { MachineDriver, MachineSpec } from "../port.ts";
import { machineForTest, openGuest } from "../tool/testing/machine-for-test.ts";
import { createSshDriver } from "./index.ts";
import { startSshd, type TestServer } from "./testing/start-sshd.ts";

const folder = mkdtempSync(join(tmpdir(), "cl-ssh-"));
const cache = join(folder, "cache");
const serverFolder = join(folder, "server");
for (const name of [cache, serverFolder]) mkdirSync(name, { mode: 0o700 });
/** Of the account on the other host: where machines are. */
const remoteCache = join(serverFolder, "home/.cache/cloister");
let server: TestServer;
let driver: MachineDriver;
let env: Record<string, string>;
const made: MachineSpec[] = [];

before(async () => {
  server = await startSshd(serverFolder);
  env = { PATH: process.env["PATH"] ?? "", HOME: folder, CLOISTER_SSH_CONFIG: server.config };
  driver = createSshDriver({ env, cache });
  await guestProgram({ architecture: process.arch, cache });
});
after(async () => {
  for (const machine of made) await driver.destroy(machine);
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function newMachine(part: Partial<MachineSpec> = {}): MachineSpec {
  const machine = machineForTest(folder, { image: server.destination, ...part });
  made.push(machine);
  return machine;
}

const sh = async (guest: GuestConnection, machine: MachineSpec, script: string): Promise<string> => {
  const { env, home } = driver.surroundings(machine);
  return (await runInGuest(guest, { argv: ["/bin/sh", "-c", script], env, cwd: home })).stdout;
};

test("the probe says what the client is, and that the network is not held", async () => {
  const probe = await driver.probe({ env });
  assert.equal(probe.usable, true);
  assert.match(probe.version ?? "", /^OpenSSH_/);
  assert.match(probe.reason, /nothing keeps a machine from reaching/);
  const without = await driver.probe({ env: { PATH: "/nonexistent" } });
  assert.equal(without.usable, false);
  assert.match(without.reason, /ssh could not be started/);
});

test("a machine is a folder on the other host, with its own home; stopped, started and removed it leaves nothing", async () => {
  const machine = newMachine();
  assert.equal(await driver.state(machine), "missing");
  await driver.create(machine);
  assert.equal(await driver.state(machine), "running");
  const { home } = driver.surroundings(machine);
  assert.equal(home, join(remoteCache, "machines", machine.id));
  {
    await using guest = await openGuest(driver, machine);
    await using second = await openGuest(driver, machine);
    assert.equal(await sh(guest, machine, "pwd; echo $HOME; echo text >file"), `${home}\n${home}\n`);
    assert.equal(await sh(second, machine, "cat file"), "text\n");
    assert.ok(((await driver.stats(machine)).diskKib ?? 0) > 0);
    assert.deepEqual(await driver.found({ env }), [machine.id]);
  }
  await driver.stop(machine);
  assert.equal(await driver.state(machine), "stopped");
  await driver.start(machine);
  assert.equal(await driver.state(machine), "running");
  // Some package managers write-protect what they keep.
  mkdirSync(join(home, "kept"));
  writeFileSync(join(home, "kept/file"), "");
  chmodSync(join(home, "kept"), 0o500);
  await driver.destroy(machine);
  await driver.destroy(machine);
  assert.equal(existsSync(home), false);
  assert.equal(await driver.state(machine), "missing");
  await until("the shared connection has ended", () => readdirSync(machine.socketFolder).length === 0);
});

test("the guest agent is sent once, whole", async () => {
  const [one, two] = [newMachine(), newMachine()];
  await driver.create(one);
  const names = readdirSync(remoteCache).filter((name) => name !== "machines");
  assert.match(names.join(), /^guest-[0-9a-f]{16}$/);
  await driver.create(two);
  assert.deepEqual(
    readdirSync(remoteCache).filter((name) => name !== "machines"),
    names,
  );
});

test("what a machine runs ends with its connection", { timeout: 20_000 }, async () => {
  const machine = newMachine();
  await driver.create(machine);
  const guest = await openGuest(driver, machine);
  const running = guest.exec({ argv: ["/bin/sleep", "600"], env: driver.surroundings(machine).env });
  const pid = await running.pid;
  assert.ok(pid !== undefined && existsSync(`/proc/${pid}`));
  await driver.stop(machine);
  assert.equal((await running.exit).cause, "lost");
  await until("it has ended", () => !existsSync(`/proc/${pid}`));
});

test("a shared connection that nobody knows is found, and ended by its machine's id", async () => {
  const machine = newMachine();
  await driver.create(machine);
  assert.equal((await driver.found({ env })).includes(machine.id), true);
  assert.deepEqual(await driver.found({ env: { ...env, HOME: "/another" } }), []);
  await driver.remove(machine.id, { env });
  await until("its socket is gone", () => readdirSync(machine.socketFolder).length === 0);
  assert.equal((await driver.found({ env })).includes(machine.id), false);
});

test("a client that still connects, whose owner was killed, is found and ended", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  const reached = once(silent, "connection");
  await once(silent, "listening");
  const machine = newMachine({ image: `127.0.0.1:${(silent.address() as AddressInfo).port}` });
  const program = `import { createSshDriver } from "${new URL("index.ts", import.meta.url).href}";
    await createSshDriver(${JSON.stringify({ env, cache })}).create(${JSON.stringify(machine)});`;
  const owner = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: "ignore" });
  const [socket] = (await reached) as [Socket];
  owner.kill("SIGKILL");
  await once(owner, "exit");
  assert.deepEqual((await driver.found({ env })).includes(machine.id), true);
  await driver.remove(machine.id, { env });
  assert.deepEqual((await driver.found({ env })).includes(machine.id), false);
  socket.destroy();
  silent.close();
});

test("a host that does not answer or is not known fails with the client's words", async () => {
  const unreachable = newMachine({ image: "127.0.0.1:1" });
  await assert.rejects(driver.create(unreachable), { code: "machine_failed", message: /Connection refused/ });
  await driver.destroy(unreachable);
  const config = join(folder, "ignorant");
  writeFileSync(config, "Host *\n  UserKnownHostsFile /dev/null\n");
  const stranger = machineForTest(folder, { image: server.destination, env: { CLOISTER_SSH_CONFIG: config } });
  await assert.rejects(driver.create(stranger), { code: "machine_failed", message: /Host key verification failed/ });
});

test("a folder of this host can't be mounted there", async () => {
  const machine = machineForTest(folder, {
    image: server.destination,
    mounts: [{ from: "/tmp", to: "/mnt", writable: false }],
  });
  await assert.rejects(driver.create(machine), { code: "machine_unsupported" });
});
