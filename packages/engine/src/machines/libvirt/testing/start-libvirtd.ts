import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { libvirtOf, runVirsh } from "../virsh.ts";

const START_MS = 30_000;

/** A libvirt of a test's own. */
export type TestLibvirt = AsyncDisposable & {
  /** What lets virsh find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Number of the daemon's process. */
  readonly pid: number;
};

/**
 * Starts the real daemons with settings and state of their own, in a mount namespace: nothing of the host's libvirt and of its control groups
 * is touched. Needs root. Ends with the test's process at the latest.
 *
 * /dev/kvm is covered by a file that nobody may write to: so libvirt does not use it, wherever the tests run. It can't give each machine a
 * mount namespace then: it would have to move the cover into it.
 */
export async function startLibvirtd(): Promise<TestLibvirt> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-libvirt-"));
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("libvirtd.conf"), [`unix_sock_dir = "${folder}"`, 'auth_unix_rw = "none"', ""].join("\n"));
  writeFileSync(at("qemu.conf"), ["namespaces = [ ]", "cgroup_controllers = [ ]", ""].join("\n"));
  const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const uri = `qemu+unix:///system?socket=${at("libvirt-sock")}`;
  const env = { PATH: path, CLOISTER_LIBVIRT_URI: uri };
  const words = ["--mount", "--propagation", "private", "sh", "-eu", "-c", SCRIPT, "libvirt", folder];
  const child = spawn("unshare", words, { env: { PATH: path }, stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  const end = async (): Promise<void> => {
    child.stdin.end();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(env, () => child.exitCode === null);
    return { env, pid: Number(readFileSync(at("pid"), "utf8")), [Symbol.asyncDispose]: end };
  } catch (error: unknown) {
    await end();
    throw error;
  }
}

/** Waits on its input, which ends when the test does, or its process. */
const SCRIPT = `
for place in /run /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt; do mount -t tmpfs tmpfs $place; done
if [ -e /dev/kvm ]; then
  : >/run/nothing
  mount --bind /run/nothing /dev/kvm
  mount -o remount,bind,ro /dev/kvm
fi
cp "$1/qemu.conf" /etc/libvirt/
virtlogd & log=$!
libvirtd --config "$1/libvirtd.conf" --pid-file "$1/pid" & main=$!
cat >/dev/null
kill $main $log
wait
`;

/** Waits until it has looked QEMU over. */
async function answers(env: Readonly<Record<string, string>>, isLiving: () => boolean): Promise<void> {
  const libvirt = libvirtOf(env);
  const deadline = performance.now() + START_MS;
  while (!existsSync(new URL(libvirt.uri).searchParams.get("socket") ?? "")) {
    if (!isLiving() || performance.now() > deadline) throw new Error("libvirtd did not start.");
    await delay(20);
  }
  await runVirsh(libvirt, ["domcapabilities", "--virttype", "qemu"], { timeLimitMs: START_MS });
}
