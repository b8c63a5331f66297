import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { newMachineId } from "../manager/names.ts";
import { openImages } from "../open-machines.ts";
import type { MachineSpec } from "../port.ts";
import { makeTestHome, riscvTinyImage, tinyImage } from "../testing/test-home.ts";
import { findProcess } from "../virtual/machine-process.ts";
import { openConsoleLog } from "./console-log.ts";
import { findAllMachines } from "./find-processes.ts";
import { createEmbeddedDriver } from "./index.ts";

const home = makeTestHome();
after(() => home[Symbol.dispose]());
const { env, places } = home;
const driver = createEmbeddedDriver({ env, places });

function newSpec(image: MachineSpec["image"]): MachineSpec {
  const id = newMachineId(places);
  const spec = {
    id,
    folder: join(places.machines, id),
    socketFolder: join(home.folder, id),
    limits: { memoryMib: 128, cpus: 1, diskMib: 64, processes: 64 },
    mounts: [],
    env: { ...env, CLOISTER_MACHINE: id },
    ...(image === undefined ? {} : { image }),
  };
  for (const made of [spec.folder, spec.socketFolder]) mkdirSync(made, { recursive: true, mode: 0o700 });
  return spec;
}

function runningIn(folder: string): readonly string[] {
  return findAllMachines().flatMap((found) => (found.folder.startsWith(folder) ? [found.folder] : []));
}

test("the probe runs a program in the engine", async () => {
  const { usable, reason } = await driver.probe({ env });
  equal(usable, true, reason);
  match(reason, /trial program ran/);
});

test("a machine is made of an image for RISC-V, and of no other", async () => {
  const cases = [
    [{ digest: "0".repeat(64), architecture: "amd64" }, /for riscv64, got one for amd64/],
    ["debian:12", /that Cloister built, got debian:12/],
    [undefined, /got none/],
  ] as const;
  for (const [image, message] of cases)
    await rejects(driver.create(newSpec(image)), { code: "image_invalid", message, remedy: /--arch riscv64/ });
});

test("of images with one name, the one for embedded machines is found by their architecture", async () => {
  const [native, riscv] = await Promise.all([tinyImage(home), riscvTinyImage(home)]);
  const images = openImages(env);
  equal(images.find("tiny")?.digest, native.digest);
  equal(images.find("tiny", driver.images?.architecture)?.digest, riscv.digest);
});

test("a template leaves no process, and a machine starts from it", async () => {
  const image = await riscvTinyImage(home);
  const machine = newSpec(image);
  const spec = { image, limits: machine.limits, folder: places.templates, warmUp: [] };
  const fingerprint = await driver.templates?.prepare(spec);
  equal(await driver.templates?.prepare(spec), fingerprint);
  deepEqual(runningIn(home.folder), []);
  await driver.create(machine);
  try {
    deepEqual(await driver.found({ env }), [machine.id]);
    equal(existsSync(join(machine.folder, "kernel")), true, "it can boot without its template");
  } finally {
    await driver.destroy(machine);
  }
  deepEqual(runningIn(home.folder), []);
});

test("a machine whose process is killed is stopped, starts again with its disk, and leaves nothing when it is removed", async () => {
  const machine = newSpec(await riscvTinyImage(home));
  await driver.create(machine);
  try {
    deepEqual(await driver.found({ env }), [machine.id]);
    process.kill(findProcess(machine.folder)?.pid ?? 0, "SIGKILL");
    while (findProcess(machine.folder) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    equal(await driver.state(machine), "stopped");
    deepEqual(await driver.found({ env }), []);
    await rejects(driver.connect(machine), { code: "machine_failed", message: /does not run/ });
    await driver.start(machine);
    equal(await driver.state(machine), "running");
  } finally {
    await driver.destroy(machine);
  }
  deepEqual(await driver.found({ env }), []);
});

test("a console's log keeps the end of what is said, and no more than 4 MiB", () => {
  const path = join(home.folder, "console.log");
  closeSync(openSync(path, "w"));
  const append = openConsoleLog(path);
  const chunk = Buffer.alloc(1024 * 1024, "x");
  for (let count = 0; count < 9; count += 1) append(chunk);
  append(Buffer.from("the end"));
  equal(statSync(path).size, chunk.length + 7);
  match(readFileSync(path, "latin1").slice(-8), /^xthe end$/);
  append(Buffer.alloc(9 * 1024 * 1024, "y"));
  equal(statSync(path).size, 4 * 1024 * 1024);
});
