import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

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
  const socket = at("libvirt-sock");
  const env = { PATH: path, CLOISTER_LIBVIRT_URI: `qemu+unix:///system?socket=${socket}` };
  const words = ["--mount", "--propagation", "private", "sh", "-eu", "-c", SCRIPT, "libvirt", folder];
  const child = spawn("unshare", words, { env: { PATH: path }, stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  const end = async (): Promise<void> => {
    child.stdin.end();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listens(socket, () => child.exitCode === null);
    await hasLooked(env);
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

async function listens(socket: string, isLiving: () => boolean): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (!existsSync(socket)) {
    if (!isLiving() || performance.now() > deadline) throw new Error("libvirtd did not start.");
    await delay(20);
  }
}

/** Waits until it has looked QEMU over. */
async function hasLooked(env: TestLibvirt["env"]): Promise<void> {
  const uri = env["CLOISTER_LIBVIRT_URI"] ?? "";
  const question = ["--connect", uri, "domcapabilities", "--virttype", "qemu"];
  await promisify(execFile)("virsh", question, { env, timeout: START_MS });
}
