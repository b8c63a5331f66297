import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findMarked, isAlive, killRun, startGuardian } from "./index.ts";
import { pidsIn, start } from "./testing/start.ts";
import { until } from "./testing/until.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-guardian-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const standIn = fileURLToPath(new URL("testing/cloister-stand-in.ts", import.meta.url));
/** The shell command of a process and five descendants that note their numbers in `file`: escaped, deaf to TERM, without the marker. */
const familyIn = (file: string): string => `
  note='echo $$ >>${file}'
  stay='while :; do sleep 1; done'
  sh -c "$note; $stay" &
  setsid sh -c "$note; $stay" &
  setsid sh -c "trap '' TERM; $note; $stay" >/dev/null 2>&1 &
  (setsid sh -c "$note; $stay" &)
  env -i setsid sh -c "$note; $stay" >/dev/null 2>&1 &
  trap '' TERM
  eval "$note"
  eval "$stay"`;
const FAMILY = 6;

test(
  "when its parent is killed, the guardian ends all of the run within 5 s, and itself",
  { timeout: 30_000 },
  async () => {
    const marker = `guarded-${process.pid}`;
    const file = join(folder, "killed");
    const parent = spawn(process.execPath, [standIn, marker, familyIn(file)], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const guardian = Number(line.toString());
    const pids = await until("the family is there", () => pidsIn(file, FAMILY));
    const bystander = start({ shell: "exec sleep 60", marker: `${marker}x` });
    assert.ok(isAlive(guardian));
    assert.equal(findMarked(marker).includes(guardian), false);

    parent.kill("SIGKILL");
    await until("nobody of the run lives", () => !pids.some(isAlive) && findMarked(marker).length === 0, 5000);
    await until("the guardian has ended", () => !isAlive(guardian));
    assert.ok(isAlive(bystander.pid ?? 0), "who has another marker was left alone");
    bystander.stop("aborted", 0);
    await bystander.exit;
  },
);

test("a guardian that is dismissed ends quietly, and ends nobody", async () => {
  const marker = `dismissed-${process.pid}`;
  const running = start({ shell: "exec sleep 60", marker });
  const guardian = startGuardian(marker);
  await guardian.stop();
  await guardian.stop();
  assert.equal(isAlive(guardian.pid ?? 0), false);
  assert.deepEqual(findMarked(marker), [running.pid]);
  running.stop("aborted", 0);
  await running.exit;
});

test(
  "a guardian waits in a session of its own, without using the processor, in little memory",
  { skip: process.platform !== "linux" && "needs /proc" },
  async () => {
    const guardian = startGuardian(`idle-${process.pid}`);
    const read = (name: string): string => readFileSync(`/proc/${guardian.pid}/${name}`, "utf8");
    await until("it sleeps", () => / S /.test(read("stat")));
    const fields = read("stat").split(") ")[1]?.split(" ") ?? [];
    assert.equal(Number(fields[3]), guardian.pid);
    assert.ok(Number(/VmRSS:\s+(\d+) kB/.exec(read("status"))?.[1]) < 4096);
    assert.equal(Number(fields[11]) + Number(fields[12]), 0, "ticks of processor time used");
    await guardian.stop();
  },
);

test(
  "a run that a killed Cloister left behind is ended by its marker, another run is not",
  { timeout: 20_000 },
  async () => {
    const marker = `left-${process.pid}`;
    const file = join(folder, "left");
    const running = start({ shell: familyIn(file), marker: `${marker}:3` });
    const other = start({ shell: "exec sleep 60", marker: `${marker}4` });
    const pids = await until("the family is there", () => pidsIn(file, FAMILY));
    assert.ok((await killRun(marker)) >= FAMILY);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(findMarked(marker), []);
    assert.ok(isAlive(other.pid ?? 0));
    other.stop("aborted", 0);
    await Promise.all([running.exit, other.exit]);
    assert.equal(await killRun(marker), 0);
  },
);
