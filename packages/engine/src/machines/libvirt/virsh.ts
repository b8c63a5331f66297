/** libvirt's own command line: the only way that this driver asks for anything. */
import { CloisterError } from "@cloister/core";
import { runTool, type ToolAnswer } from "../tool/index.ts";

const REQUEST_MS = 30_000;

/** A libvirt of this host. */
export type Libvirt = {
  readonly uri: string;
  /** Of the user, with the language in which virsh says what is read here. */
  readonly env: Readonly<Record<string, string>>;
};

/**
 * The libvirt that an environment means: CLOISTER_LIBVIRT_URI, LIBVIRT_DEFAULT_URI, or root's own and else the user's own.
 * @throws CloisterError `machine_unavailable` for one on another host: machines are made of files and sockets of this one
 */
export function libvirtOf(env: Readonly<Record<string, string>>): Libvirt {
  const own = process.getuid?.() === 0 ? "qemu:///system" : "qemu:///session";
  const uri = [env["CLOISTER_LIBVIRT_URI"], env["LIBVIRT_DEFAULT_URI"]].find((value) => value) ?? own;
  if (/^qemu(?:\+unix)?:\/\/\/(?:system|session)(?:\?|$)/.test(uri)) return { uri, env: { ...env, LC_ALL: "C" } };
  throw new CloisterError({
    code: "machine_unavailable",
    message: `Expected a QEMU that libvirt runs on this host, such as qemu:///system, got ${uri}.`,
    remedy: "Set CLOISTER_LIBVIRT_URI to one.",
  });
}

/** True where libvirt runs as root, and chooses the user that a machine's process runs as. */
export function isSystemWide({ uri }: Libvirt): boolean {
  return /^[^?]*\/system/.test(uri);
}

/** How virsh is asked. */
export type VirshOptions = {
  /** Wall time in ms. Default 30 000. */
  readonly timeLimitMs?: number;
  /** Exit codes besides 0 that are an answer. */
  readonly allow?: readonly number[];
  /** Of its answer. */
  readonly maxBytes?: number;
};

/**
 * Asks libvirt.
 * @throws CloisterError `machine_unavailable` where virsh is not installed or nobody answers it; `machine_failed` with what it said
 */
export async function runVirsh(
  { uri, env }: Libvirt,
  args: readonly string[],
  options: VirshOptions = {},
): Promise<ToolAnswer> {
  try {
    return await runTool("virsh", ["--quiet", "--connect", uri, ...args], {
      env,
      timeLimitMs: REQUEST_MS,
      ...options,
    });
  } catch (error: unknown) {
    if (!CloisterError.isInstance(error) || !error.message.includes("failed to connect to the hypervisor")) throw error;
    throw new CloisterError({
      code: "machine_unavailable",
      message: `Nobody answers at ${uri}: ${error.message}`,
      remedy: START_LIBVIRT,
      cause: error,
    });
  }
}

/** What to do where nobody answers. */
export const START_LIBVIRT =
  "Install and start libvirt (Debian: libvirt-daemon-system and libvirt-clients; `systemctl start libvirtd`), or name another with CLOISTER_LIBVIRT_URI.";
