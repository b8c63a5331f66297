import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { removeTree } from "../host/disk-snapshots.ts";
import { type LimitsFinding, probeLimits } from "../limits/index.ts";
import type { DriverProbe } from "../port.ts";
import { runTool } from "../tool/index.ts";
import { bubblewrapArguments, FILTER_DESCRIPTOR } from "./bubblewrap-arguments.ts";
import { compileFilter, type FilterArchitecture } from "./compile-filter.ts";
import { makeEtc } from "./make-etc.ts";
import { makeSandboxDisk, sandboxPlaces } from "./sandbox-folder.ts";

const PROBE_MS = 2000;

/** Tries a whole sandbox, with every wall that machines get, on a program that does nothing. Takes some 30 ms, 3 s at most. */
export async function probeSandbox(bubblewrap: string, env: Readonly<Record<string, string>>): Promise<DriverProbe> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-probe-"));
  try {
    const [version, limits] = await Promise.all([
      versionOf(bubblewrap, env),
      probeLimits(),
      tryOut(bubblewrap, folder, env),
    ]);
    return { usable: true, acceleration: "native", reason: describeLimits(limits), version };
  } catch (error: unknown) {
    return explain(error);
  } finally {
    await removeTree(folder);
  }
}

async function versionOf(bubblewrap: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await runTool(bubblewrap, ["--version"], { env, timeLimitMs: PROBE_MS });
  return stdout.trim().split(" ").at(-1) ?? "";
}

async function tryOut(bubblewrap: string, folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  const places = sandboxPlaces(folder);
  const id = "probe";
  makeSandboxDisk(places);
  makeEtc(places.etc, id);
  writeFileSync(places.filter, compileFilter(filterArchitecture()));
  const command = ["/bin/sh", "-c", "exit 0"];
  const args = bubblewrapArguments({ id, places, programs: [], mounts: [], guest: "/dev/null", command });
  const script = `exec "$@" ${FILTER_DESCRIPTOR}<"$0"`;
  await runTool("/bin/sh", ["-c", script, places.filter, bubblewrap, ...args], { env, timeLimitMs: PROBE_MS });
}

/** The architecture that filters are made for on this host. @throws CloisterError `machine_unavailable` where there is none. */
export function filterArchitecture(): FilterArchitecture {
  if (process.arch === "x64" || process.arch === "arm64") return process.arch;
  throw new CloisterError({
    code: "machine_unavailable",
    message: `There is no filter of system calls for ${process.arch}.`,
    remedy: "Use another driver.",
  });
}

function describeLimits({ enforced, missing }: LimitsFinding): string {
  return missing === undefined ? enforced : `${enforced} ${missing}`;
}

function explain(error: unknown): DriverProbe {
  const unusable = { usable: false, acceleration: "native" } as const;
  if (CloisterError.isInstance(error) && error.code === "machine_unavailable")
    return { ...unusable, reason: error.message, remedy: error.remedy ?? "Install bubblewrap." };
  const reason = error instanceof Error ? error.message : String(error);
  return { ...unusable, reason, remedy: remedyFor(readSetting) };
}

/** Settings of the kernel that keep ordinary users from making sandboxes, the value that does, and what to do. */
const OBSTACLES = [
  {
    name: "kernel/apparmor_restrict_unprivileged_userns",
    value: "1",
    remedy:
      "AppArmor forbids user namespaces here: give bwrap a profile that allows `userns`, or set kernel.apparmor_restrict_unprivileged_userns=0.",
  },
  {
    name: "kernel/unprivileged_userns_clone",
    value: "0",
    remedy: "Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1.",
  },
  {
    name: "user/max_user_namespaces",
    value: "0",
    remedy: "Allow user namespaces: sysctl -w user.max_user_namespaces=10000.",
  },
] as const;

/** What to do about a sandbox that could not be made. @param read gives a setting below `/proc/sys`, where there is one */
export function remedyFor(read: (name: string) => string | undefined): string {
  const obstacle = OBSTACLES.find(({ name, value }) => read(name) === value);
  return (
    obstacle?.remedy ??
    "Inside a container, allow it user namespaces and mounts; else update bubblewrap to 0.5 or later."
  );
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(join("/proc/sys", name), "utf8").trim();
  } catch {
    return undefined; // This kernel has no such setting.
  }
}
