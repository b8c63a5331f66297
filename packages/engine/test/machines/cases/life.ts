import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { pass, until } from "../../../src/process/testing/until.ts";
import { saidIn, startIn } from "../../../src/machines/testing/run-in-machine.ts";
import { refused, withoutTrace } from "../expect.ts";
import { type Cases, keptFolder } from "../subject.ts";

const HOLDER = fileURLToPath(new URL("../hold-machine.ts", import.meta.url));
/** A line each 50 ms, numbered. */
const COUNT = "i=0; while :; do i=$((i+1)); echo $i; usleep 50000 2>/dev/null || sleep 0.05; done";

/** How machines live, side by side and after each other. */
export const LIFE_CASES: Cases = {
  "is worked in by two processes at the same time": async (subject) => {
    const { env } = subject;
    const child = spawn(process.execPath, [HOLDER, JSON.stringify({ env, machine: "main" })], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    try {
      const ask = async (word: string): Promise<unknown> => {
        child.stdin.write(`${word}\n`);
        return (await lines.next()).value;
      };
      const machine = await subject.main();
      assert.equal(await ask("one"), "one");
      const both = await Promise.all([ask("two"), saidIn(machine, ["echo", "here"])]);
      assert.deepEqual(both, ["two", "here"]);
    } finally {
      child.stdin.end();
      if (child.exitCode === null) await once(child, "exit");
    }
    assert.equal(await saidIn(await subject.main(), ["echo", "still"]), "still");
  },

  "stands still while it is paused, and goes on, or says that it can't": async (subject) => {
    const { manager, can } = subject;
    if (!can("pause")) return refused("machine_unsupported", manager.pause("main"));
    const running = startIn(await subject.main(), COUNT);
    let said = "";
    const reading = (async () => {
      for await (const chunk of running.stdout) said += Buffer.from(chunk).toString();
    })();
    await until("it counts", () => said.length > 4);
    await manager.pause("main");
    assert.equal((await manager.get("main")).state, "paused");
    await pass(200); // What was said before is still under way.
    const before = said;
    await pass(500);
    assert.equal(said, before, "nothing happens in it");
    await manager.resume("main");
    assert.equal((await manager.get("main")).state, "running");
    await until("it counts on", () => said.length > before.length + 4);
    running.kill();
    await reading;
    const numbers = said.split("\n").filter(Boolean).map(Number);
    assert.deepEqual(
      numbers.map((_, index) => index + 1),
      numbers,
      "no number is lost, none comes twice",
    );
  },

  "says what it uses": async (subject) => {
    const { manager, limits, view } = subject;
    const running = startIn(await subject.main(), ["sleep", "60"]);
    await running.pid;
    const stats = await manager.stats("main");
    running.kill();
    await running.exit;
    assert.ok(
      Object.values(stats).every((value) => Number.isFinite(value) && value >= 0),
      JSON.stringify(stats),
    );
    assert.ok(stats.diskKib !== undefined && stats.diskKib < 1024 * 1024, JSON.stringify(stats));
    if (view.isolation === "remote") return; // Its memory is another host's.
    const { memoryKib = 0, cpuMs = -1 } = stats;
    assert.ok(memoryKib > 50 && memoryKib < (limits.memoryMib + 256) * 1024, JSON.stringify(stats));
    assert.ok(cpuMs >= 0 && cpuMs < 600_000, JSON.stringify(stats));
  },

  "shows its console, or says that it has none": async (subject) => {
    const { manager, can } = subject;
    if (!can("console")) return refused("machine_unsupported", manager.console("main"));
    const { log, attach } = await manager.console("main");
    assert.ok(log !== undefined || attach !== undefined);
    if (log !== undefined) assert.ok(existsSync(log) && readFileSync(log).length >= 0);
  },

  "keeps its disk while it is stopped, and starts when it is opened": async (subject) => {
    const { manager, name } = subject;
    const machine = await subject.main();
    const file = join(keptFolder(machine, name), "kept");
    await saidIn(machine, ["/bin/sh", "-c", 'echo kept > "$0"', file]);
    const running = startIn(machine, ["sleep", "60"]);
    await running.pid;
    await manager.stop("main");
    assert.equal((await manager.get("main")).state, "stopped");
    assert.equal((await running.exit).cause, "lost");
    await subject.close();
    assert.equal(await saidIn(await subject.main(), ["cat", file]), "kept");
    assert.equal((await manager.get("main")).state, "running");
  },

  "is removed with all that it had, and then not found": async (subject) => {
    const { manager, request, mark, marked } = subject;
    const [name, value = ""] = mark.split("=");
    await withoutTrace(subject, async () => {
      const made = await manager.create(request("removed"));
      await using machine = await manager.open("removed");
      const running = startIn(machine, ["sleep", "600"], { env: { ...machine.env, [name ?? ""]: value } });
      await running.pid;
      await manager.remove(made.id);
      assert.equal((await running.exit).code, null, "it was ended, or lost");
    });
    await until("its programs have gone", () => marked().length === 0);
    await refused("machine_not_found", manager.remove("removed"));
    await refused("machine_not_found", manager.open("removed"));
  },

  "says which of the things that a driver need not do it does not": async (subject) => {
    const { manager, can, request } = subject;
    if (!can("mounts"))
      await refused(
        "machine_unsupported",
        manager.create(request("mounted", { mounts: [{ from: "/etc", to: "/mnt", writable: false }] })),
      );
    if (!can("snapshot_disk")) await refused("machine_unsupported", manager.snapshot("main", "one", "disk"));
    if (!can("snapshot_full")) await refused("machine_unsupported", manager.snapshot("main", "one", "full"));
    if (!can("clone")) await refused("machine_unsupported", manager.clone("main", { name: "copy" }));
    if (!can("fork")) await refused("machine_unsupported", manager.fork("main", ["fork"]));
    if (!can("pause")) await refused("machine_unsupported", manager.resume("main"));
    assert.deepEqual(
      (await manager.list()).map(({ name }) => name),
      ["main"],
    );
  },
};
