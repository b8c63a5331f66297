import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProcess, startProcess } from "./machine-process.ts";
import { findTemplate, keepTemplate } from "./templates.ts";

const FOREVER = ["sleep", "1000"];

test("what somebody left who was killed while making a template ends when the next one is made: its process too", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-templates-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const ended = spawnSync("true").pid;
  const abandoned = join(folder, `making-${ended}-0123456789ab`);
  mkdirSync(abandoned);
  const env = { PATH: process.env["PATH"] ?? "" };
  const { pid } = await startProcess({ argv: FOREVER, folder: abandoned, env, log: "sleep.log" });
  assert.equal(findProcess(abandoned)?.pid, pid, "it runs");
  await keepTemplate({ folder, fingerprint: "0f".repeat(32), env, make: async () => undefined });
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
  assert.equal(existsSync(abandoned), false);
  assert.equal(findTemplate(folder, "0f".repeat(32)), join(folder, "0f".repeat(32)));
});
