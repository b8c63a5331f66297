import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { until } from "../../process/testing/until.ts";
import { guestProgram } from "./program.ts";

const cache = mkdtempSync(join(tmpdir(), "cloister-guest-program-"));
after(() => rmSync(cache, { recursive: true, force: true }));

test("the agent is compiled once, however many ask for it, and is small and static", async () => {
  const paths = await Promise.all([1, 2].map(() => guestProgram({ architecture: process.arch, cache })));
  const again = await guestProgram({ architecture: process.arch, cache });
  assert.deepEqual(new Set([...paths, again]).size, 1);
  assert.deepEqual(readdirSync(cache), [again.slice(cache.length + 1)]);
  assert.ok(statSync(again).size < 1_500_000);
  assert.match(
    execFileSync(again, ["--version"], { encoding: "utf8" }),
    /^cloister-guest \d+\.\d+\.\d+, protocol 1\n$/,
  );
});

test("it holds a container until it is told to end, and knows no other calls than its own", async () => {
  const program = await guestProgram({ architecture: process.arch, cache });
  const holding = spawn(program, ["hold"], { stdio: "ignore" });
  await once(holding, "spawn");
  await until("it waits for signals", () =>
    /^SigCgt:\s*0*14002$/m.test(readFileSync(`/proc/${holding.pid}/status`, "utf8")),
  );
  holding.kill("SIGTERM");
  assert.deepEqual(await once(holding, "close"), [0, null]);
  assert.equal(spawnSync(program, ["serve", "--loud"]).status, 64);
});

test("without a compiler it says what to install", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  const empty = join(cache, "empty");
  try {
    for (const architecture of ["amd64", "arm64", "riscv64"])
      await assert.rejects(
        guestProgram({ architecture, cache: empty }),
        (error) =>
          CloisterError.isInstance(error) &&
          error.code === "machine_unavailable" &&
          /apt-get install (musl-tools|gcc-[a-z0-9-]+-linux-gnu)/.test(error.remedy ?? ""),
      );
  } finally {
    process.env["PATH"] = path;
  }
  assert.deepEqual(readdirSync(empty), []);
});

test("an architecture that there is no agent for is refused", async () => {
  await assert.rejects(
    guestProgram({ architecture: "m68k", cache }),
    (error) => CloisterError.isInstance(error) && error.code === "machine_unavailable",
  );
});
