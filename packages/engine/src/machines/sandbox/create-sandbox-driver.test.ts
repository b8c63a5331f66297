import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { CloisterError, DEFAULT_MACHINE_LIMITS } from "@cloister/core";
import { until } from "../../process/testing/until.ts";
import { connectGuest } from "../guest/connect-guest.ts";
import type { GuestConnection } from "../guest/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { findMachineProcesses } from "../host/machine-processes.ts";
import { findMachineGroups } from "../limits/index.ts";
import type { MachineSpec } from "../port.ts";
import { makeTestSandbox, type TestSandbox, testMachine } from "./testing/test-sandbox.ts";

describe("a sandbox", () => {
  it("keeps what was written, for other connections at the same time and later ones, at any path", async () => {
    await using sandbox = await makeTestSandbox();
    const [first, second] = await Promise.all([sandbox.open(), sandbox.open()]);
    await say(
      sandbox,
      first,
      "mkdir -p /srv/work/repository && echo one > /srv/work/repository/file && echo two > /dev/shm/file",
    );
    assert.equal(
      await say(sandbox, second, "cat /srv/work/repository/file /dev/shm/file ~/.profile 2>/dev/null; pwd"),
      "one\ntwo\n/home/agent\n",
    );
    for (const guest of [first, second]) await guest[Symbol.asyncDispose]();
    assert.equal(await say(sandbox, await sandbox.open(), "cat /srv/work/repository/file"), "one\n");
  });

  it("has the host's programs at their own paths, and a name of its own", async () => {
    await using sandbox = await makeTestSandbox();
    const guest = await sandbox.open();
    const said = await say(
      sandbox,
      guest,
      `${process.execPath} --version; id -un; hostname; grep -c . /etc/ssl/certs/ca-certificates.crt >&2`,
    );
    assert.equal(said, `${process.version}\nagent\n${sandbox.machine.id}\n`);
  });

  it("shows mounts read-only unless they are writable", async () => {
    const shared = mkdtempSync(join(tmpdir(), "cloister-mount-"));
    writeFileSync(join(shared, "file"), "of the host");
    const mounts = [
      { from: shared, to: "/data/read", writable: false },
      { from: shared, to: "/data/write", writable: true },
    ];
    await using sandbox = await makeTestSandbox({ mounts });
    const guest = await sandbox.open();
    const said = await say(
      sandbox,
      guest,
      "cat /data/read/file; touch /data/read/x 2>&1 | grep -c Read-only; echo inside > /data/write/new",
    );
    assert.equal(said, "of the host1\n");
    assert.equal(readFileSync(join(shared, "new"), "utf8"), "inside\n");
    rmSync(shared, { recursive: true });
  });

  it("follows no link where something is mounted", async () => {
    const target = mkdtempSync(join(tmpdir(), "cloister-target-"));
    const mounts = [{ from: target, to: "/data/inner/deep", writable: false }];
    await using sandbox = await makeTestSandbox({ mounts });
    symlinkSync(target, join(sandbox.machine.folder, "disk/root/data"));
    await assert.rejects(sandbox.driver.connect(sandbox.machine), { code: "machine_failed" });
    assert.deepEqual(readdirSync(target), []);
    rmSync(target, { recursive: true });
  });

  it("is saved, restored and copied with its links as they are", async () => {
    await using sandbox = await makeTestSandbox();
    const { driver, machine } = sandbox;
    const guest = await sandbox.open();
    await say(sandbox, guest, "ln -s /etc/passwd ~/link; echo first > ~/file; mkfifo ~/pipe");
    const facts = await driver.snapshot?.(machine, "before", "disk");
    assert.equal(facts?.kind, "disk");
    await say(sandbox, guest, "echo second > ~/file");
    const copy = testMachine(sandbox.folder);
    await driver.clone?.(machine, copy);
    const old = testMachine(sandbox.folder);
    await driver.clone?.(machine, old, "before");
    await driver.restore?.(machine, "before");
    assert.equal((await guest.closed) instanceof Error, true);
    for (const [spec, content] of [
      [machine, "first"],
      [copy, "second"],
      [old, "first"],
    ] as const) {
      assert.equal(readFileSync(join(spec.folder, "disk/root/home/agent/file"), "utf8"), `${content}\n`);
      assert.equal(readlinkSync(join(spec.folder, "disk/root/home/agent/link")), "/etc/passwd");
      await using connection = await connectGuest(await driver.connect(spec));
      assert.equal(await say(sandbox, connection, "hostname; cut -d: -f1 ~/link | head -1"), `${spec.id}\nroot\n`);
    }
    await driver.removeSnapshot?.(machine, "before");
    await assert.rejects(async () => driver.restore?.(machine, "before"), /no snapshot named before/);
    for (const spec of [copy, old]) await driver.destroy(spec);
  });

  it("ends with everything in it when it is stopped, and leaves nothing when it is destroyed", async () => {
    await using sandbox = await makeTestSandbox();
    const { driver, machine } = sandbox;
    const guest = await sandbox.open();
    const running = guest.exec({ argv: ["/bin/sh", "-c", "setsid sleep 100 & sleep 100"], env: { PATH: "/bin" } });
    assert.notEqual(await running.pid, undefined);
    assert.deepEqual((await driver.found({ env: {} })).includes(machine.id), true);
    await driver.stop(machine);
    assert.equal(await driver.state(machine), "stopped");
    await assert.rejects(driver.connect(machine), /is stopped/);
    assertGone(machine.id);
    await driver.start(machine);
    assert.equal(await driver.state(machine), "running");
    await driver.destroy(machine);
    await driver.destroy(machine);
    assert.equal(await driver.state(machine), "missing");
    assert.equal(existsSync(machine.folder), false);
  });

  it("counts what it uses", async () => {
    await using sandbox = await makeTestSandbox();
    const guest = await sandbox.open();
    await say(
      sandbox,
      guest,
      "head -c 3000000 /dev/urandom > ~/file; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done",
    );
    const { diskKib = 0, processes = 0, memoryKib = 0, cpuMs = 0 } = await sandbox.driver.stats(sandbox.machine);
    assert.ok(
      diskKib > 2900 && processes >= 2 && memoryKib > 0 && cpuMs > 10,
      JSON.stringify({ diskKib, processes, memoryKib, cpuMs }),
    );
  });
});

describe("a sandbox whose holder is killed", () => {
  it("leaves no process, has no descriptor of its holder's, and its groups are removed by its id", async () => {
    const canary = mkdtempSync(join(tmpdir(), "cloister-canary-"));
    const leak = openSync(canary, "r");
    const program = `ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c '${canary}'; setsid sleep 100 & sleep 100`;
    const stdio = ["ignore", "pipe", "inherit", ...Array.from({ length: 17 }, () => "ignore" as const), leak] as const;
    const holder = spawn(process.execPath, [join(import.meta.dirname, "testing/hold-sandbox.ts"), program], {
      stdio: [...stdio],
    });
    closeSync(leak);
    const [line] = (await once(holder.stdout ?? holder, "data")) as [Buffer];
    const { id, folder, said } = JSON.parse(String(line)) as { id: string; folder: string; said: string };
    assert.equal(said, "0\n");
    holder.kill("SIGKILL");
    await until("its processes are gone", () => ![...findMachineProcesses().values()].includes(id), 5000);
    await using sandbox = await makeTestSandbox();
    await sandbox.driver.remove(id, { env: {} });
    assertGone(id);
    rmSync(dirname(folder), { recursive: true });
    rmSync(canary, { recursive: true });
  });
});

describe("a machine that goes beyond its limits is stopped, for", () => {
  const cases = [
    {
      limit: "memory",
      limits: { memoryMib: 64 },
      program: "import os\nkept = [os.urandom(1 << 20) for _ in range(500)]\nprint('kept')",
    },
    {
      limit: "processes",
      limits: { processes: 60 },
      program:
        "import os, time\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(60)\nexcept OSError: time.sleep(60)",
    },
    {
      limit: "disk",
      limits: { diskMib: 32 },
      program:
        "import os\nfor number in range(500):\n    open(f'/tmp/{number}', 'wb').write(os.urandom(1 << 20))\nimport time; time.sleep(60)",
    },
  ] as const;
  for (const { limit, limits, program } of cases) {
    it(limit, async () => {
      await using sandbox = await makeTestSandbox({ limits: { ...DEFAULT_MACHINE_LIMITS, ...limits } });
      const transport = await sandbox.driver.connect(sandbox.machine);
      const failed = once(transport.stream, "error") as Promise<[unknown]>;
      const guest = await connectGuest(transport);
      const running = guest.exec({ argv: ["/usr/bin/python3", "-c", program], env: { PATH: "/usr/bin:/bin" } });
      const [error] = await failed;
      assert.ok(CloisterError.isInstance(error));
      assert.equal(error.code, "machine_failed");
      assert.equal((error.cause as { limit: string }).limit, limit);
      await running.exit;
      await transport.close();
      assertGone(sandbox.machine.id);
    });
  }
});

async function say(sandbox: TestSandbox, guest: GuestConnection, program: string): Promise<string> {
  const { env } = sandbox.driver.surroundings(sandbox.machine);
  return (await runInGuest(guest, { argv: ["/bin/sh", "-c", program], env, allow: [1] })).stdout;
}

function assertGone(id: MachineSpec["id"] | string): void {
  assert.equal([...findMachineProcesses().values()].includes(id), false);
  assert.deepEqual(
    findMachineGroups().filter((group) => group.id === id),
    [],
  );
}
