import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** An image of podman's that was made for a test, and goes with it. */
export type GitContainer = Disposable & { readonly image: string };

/** Makes the least that a plan runs in as a container: this host's busybox and git, with the libraries that it loads. @param folder to make it in */
export function makeGitContainer(folder: string): GitContainer {
  const root = join(folder, "root");
  for (const path of ["bin", "etc", "home", "proc", "sys", "dev"]) mkdirSync(join(root, path), { recursive: true });
  mkdirSync(join(root, "tmp"), { mode: 0o777 });
  for (const file of ["/bin/busybox", ...wordsOf("which", "git").flatMap(withLibraries)]) copyInto(root, file);
  for (const applet of wordsOf("/bin/busybox", "--list"))
    if (applet !== "busybox") symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
  const archive = join(folder, "root.tar");
  execFileSync("tar", ["--owner=0", "--group=0", "--mode=a+rX", "-C", root, "-cf", archive, "."]);
  const image = `localhost/cloister-git-${process.pid}:1`;
  execFileSync("podman", ["import", archive, image], { stdio: "pipe" });
  return { image, [Symbol.dispose]: () => void execFileSync("podman", ["rmi", image], { stdio: "pipe" }) };
}

/** What a program prints, taken apart at blanks. */
function wordsOf(program: string, ...args: readonly string[]): readonly string[] {
  return execFileSync(program, args, { encoding: "utf8" }).trim().split(/\s+/);
}

/** A program's file and those that the loader opens for it. */
function withLibraries(program: string): readonly string[] {
  return [program, ...wordsOf("ldd", program).filter((word) => word.startsWith("/"))];
}

/** Copies a file to the same path below `root`, whatever links lead to it. */
function copyInto(root: string, file: string): void {
  const to = join(root, file);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(file, to);
}
