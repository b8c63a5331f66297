import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { guestProgram } from "../guest/program.ts";
import type { MachineSpec } from "../port.ts";
import { homeOf } from "../tool/index.ts";
import { machineForTest } from "../tool/testing/machine-for-test.ts";
import { createLimaDriver } from "./index.ts";
import { instanceMessage } from "./instances.ts";
import { PREPARE_SCRIPT } from "./prepare.ts";
import { writeLimaStandIn } from "./testing/stand-in.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-lima-"));
const lima = writeLimaStandIn(folder);
const cache = join(folder, "cache");
mkdirSync(cache);
const env = { PATH: `${lima.bin}:${process.env["PATH"] ?? ""}`, HOME: folder };
const driver = createLimaDriver({ env, cache });
before(() => guestProgram({ architecture: process.arch, cache }));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Arguments of what an action called. */
async function callsOf(act: () => Promise<unknown> | undefined): Promise<readonly (readonly string[])[]> {
  const before = lima.calls().length;
  await act();
  return lima.calls().slice(before);
}

test("without limactl the probe says what to install", async () => {
  const probe = await driver.probe({ env: { PATH: "/nonexistent" } });
  assert.deepEqual([probe.usable, probe.version], [false, undefined]);
  assert.match(probe.reason, /limactl could not be started/);
  assert.match(probe.remedy ?? "", /Install Lima 2\.0/);
});

test("with limactl the probe says that its makers never ran it", async () => {
  const probe = await driver.probe({ env });
  assert.deepEqual([probe.usable, probe.version], [true, "2.0.3"]);
  assert.match(probe.reason, /never run against a real Lima/);
  assert.match(driver.limitations.join(" "), /never run against a real Lima/);
});

test("a machine is made of a template with nothing of the host, and its user is kept from the network before anything runs", async () => {
  const machine = machineForTest(folder, { image: "debian-12" });
  const name = `cloister-${machine.id}`;
  const calls = await callsOf(() => driver.create(machine));
  const template = join(machine.folder, "lima.yaml");
  assert.deepEqual(calls.slice(0, 3), [
    ["create", `--name=${name}`, template],
    ["start", name],
    ["shell", "--workdir", "/", name, "sudo", "-n", "sh", "-c", PREPARE_SCRIPT],
  ]);
  assert.deepEqual(JSON.parse(readFileSync(template, "utf8")), {
    minimumLimaVersion: "2.0.0",
    base: ["template:debian-12"],
    message: instanceMessage(homeOf(env)),
    plain: true,
    cpus: 1,
    memory: "96MiB",
    disk: "256MiB",
    mounts: [],
    networks: [],
    containerd: { system: false, user: false },
    ssh: { forwardAgent: false, forwardX11: false, loadDotSSHPubKeys: false },
    propagateProxyEnv: false,
  });
  const transport = await driver.connect(machine);
  await transport.close();
  const [guest] = lima.calls().at(-1)?.slice(6) ?? [];
  assert.deepEqual(lima.calls().at(-1), ["shell", "--workdir", "/", name, "sudo", "-n", guest, "serve", "--stdio"]);
  assert.ok(guest?.startsWith(join(folder, "machine/.cache/cloister/guest-")) && existsSync(guest));
});

const commands: readonly (readonly [
  name: string,
  act: (machine: MachineSpec) => Promise<unknown> | undefined,
  call: readonly string[],
])[] = [
  ["stopping", (machine) => driver.stop(machine), ["stop", "NAME"]],
  ["destroying", (machine) => driver.destroy(machine), ["delete", "--force", "NAME"]],
  ["saving", (machine) => driver.snapshot?.(machine, "one", "full"), ["snapshot", "create", "NAME", "--tag", "one"]],
  ["restoring", (machine) => driver.restore?.(machine, "one"), ["snapshot", "apply", "NAME", "--tag", "one"]],
  ["forgetting", (machine) => driver.removeSnapshot?.(machine, "one"), ["snapshot", "delete", "NAME", "--tag", "one"]],
];
for (const [name, act, call] of commands) {
  test(`${name} a machine is \`limactl ${call.slice(0, 2).join(" ")}\``, async () => {
    const machine = machineForTest(folder);
    const calls = await callsOf(() => act(machine));
    assert.deepEqual(
      calls[0],
      call.map((word) => (word === "NAME" ? `cloister-${machine.id}` : word)),
    );
  });
}

test("state, discovery and removal go by what Lima lists", async () => {
  const machine = machineForTest(folder);
  assert.equal(await driver.state(machine), "missing");
  const name = `cloister-${machine.id}`;
  lima.setList(JSON.stringify({ name, status: "Running", dir: folder, message: instanceMessage(homeOf(env)) }));
  assert.equal(await driver.state(machine), "running");
  assert.ok(((await driver.stats(machine)).diskKib ?? 0) > 0);
  assert.deepEqual(await driver.found({ env }), [machine.id]);
  assert.deepEqual(await driver.found({ env: { ...env, HOME: "/another" } }), []);
  assert.deepEqual(await driver.found({ env: { PATH: "/nonexistent", HOME: folder } }), []);
  const calls = await callsOf(() => driver.remove(machine.id, { env }));
  assert.deepEqual(calls.at(-1), ["delete", "--force", name]);
  assert.equal((await callsOf(() => driver.remove("unknown00000", { env }))).length, 1, "only the list is asked for");
  lima.setList("FATA[0000] unexpected");
  await assert.rejects(driver.state(machine), { code: "machine_failed" });
});

const refused: readonly (readonly [name: string, part: Partial<MachineSpec>, code: string])[] = [
  ["an image that Cloister built", { image: { digest: "0".repeat(64), architecture: "amd64" } }, "image_invalid"],
  ["a template named like a path", { image: "../x.yaml" }, "image_invalid"],
  ["a template named like an option", { image: "--vm-type=wsl2" }, "image_invalid"],
  ["a mount", { mounts: [{ from: "/tmp", to: "/mnt", writable: false }] }, "machine_unsupported"],
];
for (const [name, part, code] of refused) {
  test(`${name} is refused before Lima is called`, async () => {
    const machine = machineForTest(folder, part);
    const calls = await callsOf(() => assert.rejects(driver.create(machine), { code }));
    assert.deepEqual(calls, []);
  });
}

test("what Lima can't do is unsupported: a snapshot of the disk alone, a clone of a snapshot", async () => {
  const [one, two] = [machineForTest(folder), machineForTest(folder)];
  await assert.rejects(async () => driver.snapshot?.(one, "a", "disk"), { code: "machine_unsupported" });
  await assert.rejects(async () => driver.clone?.(one, two, "a"), { code: "machine_unsupported" });
});
