import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProcess, isLiving, startProcess } from "./machine-process.ts";
import { findTemplate, keepTemplate } from "./templates.ts";

const FOREVER = ["sleep", "1000"];

test("what somebody left who was killed while making a template ends when the next one is made: its process too", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-templates-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const ended = spawnSync("true").pid;
  const abandoned = join(folder, `making-${ended}-0123456789ab`);
  mkdirSync(abandoned);
  const env = { PATH: process.env["PATH"] ?? "" };
  const left = await startProcess({ argv: FOREVER, folder: abandoned, env, log: "sleep.log" });
  assert.deepEqual(findProcess(abandoned), left, "it runs");
  await keepTemplate({ folder, fingerprint: "0f".repeat(32), env, make: async () => undefined });
  assert.equal(isLiving(left), false);
  assert.equal(existsSync(abandoned), false);
  assert.equal(findTemplate(folder, "0f".repeat(32)), join(folder, "0f".repeat(32)));
});
