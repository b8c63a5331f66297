import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { CloisterError } from "@cloister/core";
import type { DriverProbe } from "../port.ts";
import { runTool } from "../tool/index.ts";
import type { Accelerator } from "../virtual/record.ts";
import { architectureOf, hostArchitecture } from "./architecture.ts";
import { TRIAL_GUESTS, tryBoot } from "./boot-trial.ts";

/** A native guest needs 10 ms, and QEMU 50 ms to start; an emulated one is slower, and a busy host slower still. */
const NATIVE_LIMIT_MS = 1000;
const EMULATED_LIMIT_MS = 1900;
const VERSION_LIMIT_MS = 2000;

/** What was found of QEMU on this host. */
export type QemuFinding = {
  readonly probe: DriverProbe;
  readonly version: string;
  /** For guests of the host's own architecture; others are emulated. */
  readonly accelerator: Accelerator;
  /** The host's processor: what a guest's is, where it is not emulated. */
  readonly hostCpu: string;
};

/** Finds out within 3 s what QEMU can do here, by running guests. Never rejects. */
export async function probeQemu(env: Readonly<Record<string, string>>): Promise<QemuFinding> {
  const name = hostArchitecture();
  const { program } = architectureOf(name);
  const hostCpu = cpus()[0]?.model ?? "unknown";
  try {
    const [version, found] = await Promise.all([versionOf(program, env), findAccelerator(program, name, env)]);
    return { probe: { ...found, version }, version, accelerator: found.acceleration, hostCpu };
  } catch (error: unknown) {
    const reason = CloisterError.isInstance(error) ? error.message : String(error);
    const remedy = "Install QEMU's system emulator and qemu-utils (Debian: qemu-system-x86, qemu-utils).";
    const probe = { usable: false, acceleration: "tcg", reason, remedy } as const;
    return { probe, version: "unknown", accelerator: "tcg", hostCpu };
  }
}

async function versionOf(program: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await runTool(program, ["--version"], { env, timeLimitMs: VERSION_LIMIT_MS });
  return /version (\S+)/.exec(stdout)?.[1] ?? "unknown";
}

type Found = DriverProbe & { readonly acceleration: Accelerator };

async function findAccelerator(program: string, name: string, env: Readonly<Record<string, string>>): Promise<Found> {
  const guest = TRIAL_GUESTS[name];
  if (guest === undefined)
    return { usable: false, acceleration: "tcg", reason: `QEMU was never tried on ${process.arch}.` };
  const native: Accelerator = process.platform === "darwin" ? "hvf" : "kvm";
  const title = native.toUpperCase();
  const shortcoming =
    missingForKvm() ?? (await tryBoot({ program, guest, accelerator: native, env, limitMs: NATIVE_LIMIT_MS }));
  if (shortcoming === undefined)
    return { usable: true, acceleration: native, reason: `A trial guest ran on ${title}.` };
  const failure = await tryBoot({ program, guest, accelerator: "tcg", env, limitMs: EMULATED_LIMIT_MS });
  if (failure !== undefined)
    return {
      usable: false,
      acceleration: "tcg",
      reason: `Neither ${title} (${shortcoming}) nor emulation (${failure}) runs a guest.`,
    };
  return {
    usable: true,
    acceleration: "tcg",
    reason: `${title} does not work here: ${shortcoming}. QEMU emulates the processor (TCG): right, but some 20 times slower.`,
    remedy: `For speed, use a host with ${title}, or let this one pass hardware virtualization on to its guests.`,
  };
}

/** What is missing for KVM, as far as it shows without trying; undefined: try. */
function missingForKvm(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const device = existsSync("/dev/kvm") ? "there is a /dev/kvm, but" : "there is no /dev/kvm:";
  if (process.arch === "x64" && !/^flags\s*:.*\b(?:vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8")))
    return `${device} the processor shows neither vmx nor svm, so it can't run an ordinary kernel`;
  return existsSync("/dev/kvm") ? undefined : "there is no /dev/kvm";
}
