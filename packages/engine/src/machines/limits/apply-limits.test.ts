import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DEFAULT_MACHINE_LIMITS, type MachineLimits } from "@cloister/core";
import { until } from "../../process/testing/until.ts";
import {
  applyLimits,
  findMachineGroups,
  folderSizeKib,
  type LimitBreach,
  limitsUsage,
  probeLimits,
  removeMachineGroups,
  watchLimits,
} from "./index.ts";
import { applyResourceLimits, applySystemdLimits } from "./simple-limits.ts";

const hasGroups = (await probeLimits()).method.startsWith("cgroup");

describe("limits", () => {
  it("are described, with what is missing", async () => {
    const { enforced, missing } = await probeLimits();
    assert.match(enforced, /limited/);
    assert.equal(missing === undefined, hasGroups);
  });

  it("refuse a file larger than the disk", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloister-limits-"));
    const applied = await applyLimits({ id: newId(), limits: limits({ diskMib: 1 }) });
    const { status } = run(applied.wrap(["/bin/sh", "-c", `head -c 3000000 /dev/zero > ${folder}/file`]));
    assert.notEqual(status, 0);
    assert.equal(statSync(join(folder, "file")).size, 1024 * 1024);
    await applied.release();
    rmSync(folder, { recursive: true });
  });

  it("pass on the program's own exit status and arguments", async () => {
    const applied = await applyLimits({ id: newId(), limits: DEFAULT_MACHINE_LIMITS });
    const { status, stdout } = run(applied.wrap(["/bin/sh", "-c", 'echo "$1"; exit 7', "sh", "a  'b' --"]));
    assert.deepEqual([status, stdout], [7, "a  'b' --\n"]);
    await applied.release();
  });

  const breaches = [
    { limit: "memory", limits: { memoryMib: 32 }, program: "head -c 200000000 /dev/zero | tail -c 200000000 | wc -c" },
    { limit: "processes", limits: { processes: 5 }, program: "for i in 1 2 3 4 5 6 7 8; do sleep 0.2 & done; wait" },
  ] as const;
  for (const { limit, limits: wanted, program } of breaches) {
    it(`tell that the limit of ${limit} was hit, and only then`, async () => {
      const applied = await applyLimits({ id: newId(), limits: limits(wanted) });
      run(applied.wrap(["/bin/sh", "-c", "exit 0"]));
      assert.equal(applied.breach(), undefined);
      run(applied.wrap(["/bin/sh", "-c", program]));
      assert.equal(applied.breach()?.limit, hasGroups ? limit : undefined);
      await applied.release();
    });
  }

  it("are shared by all of a machine, and their groups go with the last of it", async () => {
    const request = { id: newId(), limits: DEFAULT_MACHINE_LIMITS };
    const [first, second] = await Promise.all([applyLimits(request), applyLimits(request)]);
    const child = start(first.wrap(["/bin/sleep", "100"]));
    if (hasGroups) await until("it is counted", () => limitsUsage(request.id).processes === 1);
    await second.release();
    assert.equal(
      findMachineGroups().some(({ id }) => id === request.id),
      hasGroups,
    );
    child.kill("SIGKILL");
    await first.release();
    assert.equal(
      findMachineGroups().some(({ id }) => id === request.id),
      false,
    );
  });

  it("are removed by the machine's id, with the processes under them", async () => {
    const { id } = { id: newId() };
    const applied = await applyLimits({ id, limits: DEFAULT_MACHINE_LIMITS });
    const child = start(applied.wrap(["/bin/sh", "-c", "sleep 100 & echo; sleep 100"]));
    await once(child.stdout ?? child, "data");
    const over = once(child, "exit");
    await removeMachineGroups(id);
    assert.equal(
      findMachineGroups().some((group) => group.id === id),
      false,
    );
    if (!hasGroups) child.kill("SIGKILL");
    await over;
  });
});

describe("limits without control groups", () => {
  const request = { id: "abcdefabcdef", limits: limits({ memoryMib: 100, cpus: 1.5, processes: 7 }) };

  it("are asked of the user's systemd as properties of a scope", () => {
    const command = applySystemdLimits(request).wrap(["prog"]).join(" ");
    for (const word of [
      "--user --scope",
      "--unit=cloister-abcdefabcdef-",
      "MemoryMax=100M",
      "TasksMax=7",
      "CPUQuota=150%",
    ])
      assert.ok(command.includes(word), word);
  });

  it("are those of single files, where there is nothing better", () => {
    const applied = applyResourceLimits(request);
    assert.equal(applied.method, "rlimits");
    assert.match(run(applied.wrap(["/bin/sh", "-c", "ulimit -f; ulimit -c"])).stdout, /^20971520\n0\n$/);
  });
});

describe("the watch over a folder's size", () => {
  it("counts what takes up room, and does not follow links", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloister-size-"));
    writeFileSync(join(folder, "file"), randomBytes(300 * 1024));
    run([
      "/bin/sh",
      "-c",
      `ln -s / ${folder}/root; ln ${folder}/file ${folder}/again; truncate -s 1G ${folder}/sparse`,
    ]);
    const size = (await folderSizeKib(folder)) ?? 0;
    assert.ok(size >= 300 && size < 400, String(size));
    rmSync(folder, { recursive: true });
    assert.equal(await folderSizeKib(folder), undefined);
  });

  it("calls once the folder has outgrown its limit", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloister-watch-"));
    const applied = applyResourceLimits({ id: newId(), limits: DEFAULT_MACHINE_LIMITS });
    let found: LimitBreach | undefined;
    using _ = watchLimits({ applied, disk: { folder, diskMib: 1 }, onBreach: (breach) => (found = breach) });
    writeFileSync(join(folder, "file"), randomBytes(3 * 1024 * 1024));
    assert.equal((await until("it is found", () => found)).limit, "disk");
    rmSync(folder, { recursive: true });
  });
});

function limits(wanted: Partial<MachineLimits>): MachineLimits {
  return { ...DEFAULT_MACHINE_LIMITS, ...wanted };
}

function newId(): string {
  return `t${randomBytes(6).toString("hex").slice(1)}`;
}

function run([file = "", ...args]: readonly string[]): { status: number | null; stdout: string } {
  return spawnSync(file, args, { encoding: "utf8", timeout: 10_000 });
}

function start([file = "", ...args]: readonly string[]): ReturnType<typeof spawn> {
  return spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
}
