import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_MACHINE_LIMITS } from "@cloister/core";
import { connectGuest } from "../../guest/connect-guest.ts";
import type { GuestConnection } from "../../guest/port.ts";
import { guestProgram } from "../../guest/program.ts";
import { MACHINE_VARIABLE } from "../../host/machine-processes.ts";
import type { MachineDriver, MachineId, MachineSpec } from "../../port.ts";
import { createSandboxDriver } from "../create-sandbox-driver.ts";

/** Compiled once for all tests of this host. */
const CACHE = join(tmpdir(), "cloister-test-guest");

let guest: Promise<string> | undefined;

/** Path of the guest agent's program for this host. */
export function testGuest(): Promise<string> {
  const platform = process.platform === "darwin" ? "darwin" : "linux";
  return (guest ??= guestProgram({ architecture: process.arch, platform, cache: CACHE }));
}

/** A machine's specification in a temporary folder. */
export function testMachine(folder: string, wanted: Partial<MachineSpec> = {}): MachineSpec {
  const id = `t${randomBytes(6).toString("hex").slice(1)}` as MachineId;
  const place = join(folder, id);
  mkdirSync(place, { mode: 0o700 });
  const spec = { id, folder: place, socketFolder: place, limits: DEFAULT_MACHINE_LIMITS, mounts: [] };
  return { ...spec, env: { [MACHINE_VARIABLE]: id }, ...wanted };
}

/** A sandbox that was made for a test. */
export type TestSandbox = AsyncDisposable & {
  readonly driver: MachineDriver;
  readonly machine: MachineSpec;
  /** For other machines and files of the test. */
  readonly folder: string;
  /** Connects to its guest agent. The connection ends with the sandbox at the latest. */
  open(): Promise<GuestConnection>;
};

/** Makes a sandbox on this host, which sees the running Node. */
export async function makeTestSandbox(wanted: Partial<MachineSpec> = {}): Promise<TestSandbox> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-sandbox-"));
  const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: process.env["HOME"] ?? "/root" };
  const driver = createSandboxDriver({ env, guest: testGuest, programs: [dirname(process.execPath)] });
  const machine = testMachine(folder, wanted);
  await driver.create(machine);
  return {
    driver,
    machine,
    folder,
    open: async () => connectGuest(await driver.connect(machine)),
    [Symbol.asyncDispose]: async () => {
      await driver.destroy(machine);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
