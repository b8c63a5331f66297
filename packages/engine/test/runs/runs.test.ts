import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { sendControl, waitingControls, watchInbox } from "../../src/runs/inbox.ts";
import { lockHolder, takeLock } from "../../src/runs/lock.ts";
import { createRunId, findRunStore, listRunIds, openRunStore, runPaths, selectRun } from "../../src/runs/run-store.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-runs-"));
after(() => rmSync(folder, { recursive: true }));
const hasCode = (code: string) => (error: unknown) => CloisterError.isInstance(error) && error.code === code;

test("the store ignores itself in git, and looking makes none", () => {
  const root = join(folder, "store");
  mkdirSync(root);
  assert.equal(findRunStore(root), undefined);
  openRunStore(root);
  assert.equal(readFileSync(join(root, ".cloister", ".gitignore"), "utf8"), "*\n");
});

test("run ids sort by time, and a run is selected by id, by its start, or as the newest", () => {
  const root = join(folder, "select");
  mkdirSync(root);
  const store = openRunStore(root);
  const ids = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2), Date.UTC(2026, 1, 1)].map((time) =>
    createRunId(new Date(time), () => 0.5),
  );
  for (const id of ids) {
    mkdirSync(runPaths(store, id).folder, { recursive: true });
    writeFileSync(runPaths(store, id).journal, "");
  }
  assert.deepEqual(listRunIds(store), ids);
  assert.equal(selectRun(store, undefined), ids[2]);
  assert.equal(selectRun(store, "202602"), ids[2]);
  assert.equal(selectRun(store, ids[0]), ids[0]);
  assert.throws(() => selectRun(store, "202601"), hasCode("run_not_found"));
  assert.throws(() => selectRun(store, "../../etc"), hasCode("run_not_found"));
  assert.throws(() => selectRun(undefined, undefined), hasCode("run_not_found"));
});

test("controls wait in order until they are taken; what is no control is removed", () => {
  const inbox = join(folder, "inbox");
  sendControl(inbox, { type: "steer", text: "first" }, 1);
  sendControl(inbox, { type: "pause" }, 2);
  writeFileSync(join(inbox, "0.json"), "{not json");
  writeFileSync(join(inbox, "1.json"), '{"type":"steer","text":""}');
  const waiting = waitingControls(inbox);
  assert.deepEqual(
    waiting.map(({ control }) => control),
    [{ type: "steer", text: "first" }, { type: "pause" }],
  );
  waiting[0]?.take();
  assert.equal(readdirSync(inbox).length, 1);
  assert.throws(() => sendControl(inbox, { type: "steer", text: "x".repeat(9000) }, 3));
});

test("a watched inbox tells of what arrives", async () => {
  const inbox = join(folder, "watched");
  const told = Promise.withResolvers<void>();
  using _watch = watchInbox(inbox, () => told.resolve());
  sendControl(inbox, { type: "stop" }, 1);
  await told.promise;
});

test("a lock is held by one process, and taken over from one that is gone", async () => {
  const path = join(folder, "lock");
  {
    using _lock = takeLock(path);
    assert.equal(lockHolder(path)?.pid, process.pid);
    assert.throws(() => takeLock(path), hasCode("run_busy"));
  }
  assert.equal(lockHolder(path), undefined);
  const child = spawn("true");
  await once(child, "exit");
  writeFileSync(path, JSON.stringify({ pid: child.pid, startedAt: "1" }));
  assert.equal(lockHolder(path), undefined, "no such process");
  writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: "another process of this number" }));
  using _lock = takeLock(path);
  assert.equal(lockHolder(path)?.pid, process.pid);
});
