/** What stands beside the machines: the programs that they are made with, without Cloister. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program to its end, and reads what it prints. @throws where it fails */
export async function runBare(file: string, args: readonly string[] = [], input?: Uint8Array): Promise<void> {
  const child = spawn(file, [...args], { stdio: [input === undefined ? "ignore" : "pipe", "pipe", "inherit"] });
  child.stdin?.end(input);
  child.stdout?.resume();
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`${file} ${args.join(" ")} ended with ${child.exitCode}.`);
}

/** A sandbox of bubblewrap with as much in it as Cloister's: its own namespaces and the system's folders, and no program but `true`. */
export function runBubblewrap(): Promise<void> {
  const separation =
    "--unshare-user --unshare-all --uid 1000 --gid 1000 --cap-drop ALL --new-session --die-with-parent";
  const folders = ["/usr", "/bin", "/lib", "/lib64", "/etc"].flatMap((folder) => ["--ro-bind-try", folder, folder]);
  return runBare("bwrap", [...separation.split(" "), ...folders, "--proc", "/proc", "--dev", "/dev", "true"]);
}

/** Starts QEMU as an emulated machine that runs nothing, and waits until it greets who would steer it. */
export async function greetQemu(): Promise<void> {
  const options = "-nodefaults -no-user-config -display none -nic none -accel tcg -M q35 -m 256 -S -qmp stdio";
  const child: ChildProcess = spawn("qemu-system-x86_64", options.split(" "), { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await Promise.race([once(child.stdout ?? child, "data"), ended]);
  if (child.exitCode !== null) throw new Error(`QEMU ended with ${child.exitCode}.`);
  child.kill("SIGKILL");
  await ended;
}
