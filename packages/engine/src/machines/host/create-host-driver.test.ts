import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connectGuest } from "../guest/connect-guest.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { testGuest, testMachine } from "../sandbox/testing/test-sandbox.ts";
import { createHostDriver } from "./create-host-driver.ts";
import { findMachineProcesses } from "./machine-processes.ts";

describe("a machine without isolation", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-host-"));
  const env = { PATH: "/usr/bin:/bin", HOME: homedir() };
  const driver = createHostDriver({ env, guest: testGuest });
  after(() => rmSync(folder, { recursive: true }));

  it("says that it has none", async () => {
    const probe = await driver.probe({ env });
    assert.equal(driver.isolation, "none");
    assert.match(probe.reason, /no isolation/);
    assert.match(driver.limitations[0] ?? "", /Nothing is kept/);
    assert.equal(driver.surroundings(testMachine(folder)).hostNetwork, true);
  });

  it("runs programs on the host with the user's home, and is saved, restored and copied", async () => {
    const machine = testMachine(folder);
    await driver.create(machine);
    const surroundings = driver.surroundings(machine);
    await using guest = await connectGuest(await driver.connect(machine));
    const { stdout } = await runInGuest(guest, { argv: ["/bin/sh", "-c", "echo $HOME"], env: { ...surroundings.env } });
    assert.equal(stdout, `${homedir()}\n`);
    const file = join(machine.folder, "disk/file");
    writeFileSync(file, "first");
    await driver.snapshot?.(machine, "one", "disk");
    writeFileSync(file, "second");
    const copy = testMachine(folder);
    await driver.clone?.(machine, copy);
    await driver.restore?.(machine, "one");
    assert.equal(readFileSync(file, "utf8"), "first");
    assert.equal(readFileSync(join(copy.folder, "disk/file"), "utf8"), "second");
    for (const spec of [machine, copy]) await driver.destroy(spec);
    assert.equal(existsSync(machine.folder), false);
  });

  it("ends its processes when it is stopped", async () => {
    const machine = testMachine(folder);
    await driver.create(machine);
    const guest = await connectGuest(await driver.connect(machine));
    const running = guest.exec({
      argv: ["/bin/sh", "-c", "setsid sleep 100 & echo; sleep 100"],
      env: { PATH: "/bin" },
    });
    for await (const _ of running.stdout) break;
    assert.ok((await driver.found({ env })).includes(machine.id));
    assert.ok(((await driver.stats(machine)).processes ?? 0) >= 3);
    await driver.stop(machine);
    assert.equal(await driver.state(machine), "stopped");
    assert.equal([...findMachineProcesses().values()].includes(machine.id), false);
    await assert.rejects(driver.connect(machine), /is stopped/);
    await driver.destroy(machine);
    assert.equal(await driver.state(machine), "missing");
  });
});
