import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { findProgram, probeProgram, type ProgramProbe } from "./probe-program.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-programs-"));
after(() => rmSync(folder, { recursive: true }));

const PROBE: ProgramProbe = {
  programs: ["first-agent", "second-agent"],
  install: "Install it.",
  login: { variables: ["AGENT_KEY"], files: [".agent/login.json"], otherwise: "logged_out", remedy: "Log in." },
};
const ENV = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };

function writeProgram(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("probeProgram", () => {
  test("says what is missing, and what to do", async () => {
    assert.deepEqual(await probeProgram(PROBE, ENV), {
      installed: false,
      login: "unknown",
      detail: "first-agent or second-agent is not on PATH. Install it.",
    });
  });

  test("finds a program, its version and that nobody is logged in", async () => {
    const path = writeProgram("second-agent", "echo 'second-agent v2.10.3-rc.1 (stable)'");
    const detail = "No sign of a login was found. Log in.";
    const expected = { installed: true, path, version: "2.10.3-rc.1", login: "logged_out", detail };
    assert.deepEqual(await probeProgram(PROBE, ENV), expected);
  });

  test("takes a key in the environment, or the file of a login, for one", async () => {
    writeProgram("second-agent", "echo 1.0");
    assert.equal((await probeProgram(PROBE, { ...ENV, AGENT_KEY: "x" })).detail, "AGENT_KEY is set.");
    mkdirSync(join(folder, ".agent"));
    writeFileSync(join(folder, ".agent", "login.json"), "secret");
    const status = await probeProgram(PROBE, ENV);
    assert.deepEqual([status.login, status.detail], ["logged_in", "~/.agent/login.json exists."]);
  });

  test("waits three seconds at most for a version", { timeout: 10_000 }, async () => {
    writeProgram("second-agent", "echo 1.0; sleep 60");
    const status = await probeProgram(PROBE, ENV);
    assert.equal(status.installed, true);
    assert.equal(status.version, undefined);
    assert.match(status.detail, /told no version within 3 s/);
  });

  test("bounds what it reads of a program that prints without end", { timeout: 10_000 }, async () => {
    writeProgram("second-agent", "echo 7.7.7; head -c 50000000 /dev/zero");
    assert.equal((await probeProgram(PROBE, ENV)).version, "7.7.7");
  });
});

test("findProgram passes over folders, files that can't be executed and relative paths", () => {
  mkdirSync(join(folder, "some-folder"));
  writeFileSync(join(folder, "plain-file"), "");
  const path = writeProgram("real-program", "true");
  for (const name of ["some-folder", "plain-file", "./real-program", "", "no-such-program"]) {
    assert.equal(findProgram(name, ENV), undefined, name);
  }
  assert.equal(findProgram("real-program", ENV), path);
  assert.equal(findProgram(path, {}), path);
  assert.equal(findProgram("real-program", { PATH: ".:" }), undefined);
});
