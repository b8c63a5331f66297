import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { architectureOf, hostArchitecture } from "./architecture.ts";
import { TRIAL_GUESTS, tryBoot } from "./boot-trial.ts";
import { probeQemu } from "./probe.ts";

const env = { PATH: process.env["PATH"] ?? "" };
const { program } = architectureOf(hostArchitecture());

test("the probe finds within 3 s what runs a guest, and its word is that of a trial", async () => {
  const begun = performance.now();
  const { probe, accelerator, version } = await probeQemu(env);
  assert.ok(performance.now() - begun < 3000);
  assert.equal(probe.usable, true);
  assert.equal(probe.acceleration, accelerator);
  assert.match(version, /^\d+\.\d+/);
  const guest = TRIAL_GUESTS[hostArchitecture()];
  assert.ok(guest);
  const kvm = await tryBoot({ program, guest, accelerator: "kvm", env, limitMs: 1000 });
  assert.equal(kvm === undefined, accelerator === "kvm", `the trial on KVM: ${kvm ?? "ran"}`);
});

test("a guest that does not come to its end in time has not run", async () => {
  const guest = { machine: "q35", devices: [], rom: () => Buffer.alloc(65_536, 0xf4), exitCode: 85 };
  assert.match((await tryBoot({ program, guest, accelerator: "tcg", env, limitMs: 500 })) ?? "", /did not end in time/);
});

test("without QEMU the probe says what to install", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-path-"));
  symlinkSync("/bin/sh", join(folder, "sh"));
  const { probe } = await probeQemu({ PATH: folder });
  rmSync(folder, { recursive: true });
  assert.equal(probe.usable, false);
  assert.match(probe.reason, /could not be started/);
  assert.match(probe.remedy ?? "", /Install QEMU/);
});
