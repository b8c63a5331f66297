import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const APPLETS = [
  "sh",
  "cat",
  "chmod",
  "chown",
  "dd",
  "echo",
  "grep",
  "id",
  "ip",
  "ls",
  "mkdir",
  "nc",
  "ps",
  "rm",
  "sleep",
  "tail",
  "touch",
];

/** Makes the archive of the smallest root file system that the tests can work in: busybox and a user. @returns its path */
export function makeBusyboxArchive(folder: string): string {
  const root = join(folder, "root");
  for (const name of ["bin", "etc", "home", "proc", "sys", "dev"]) mkdirSync(join(root, name), { recursive: true });
  mkdirSync(join(root, "tmp"), { mode: 0o777 });
  execFileSync("cp", ["/bin/busybox", join(root, "bin/busybox")]);
  for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
  const archive = join(folder, "root.tar");
  execFileSync("tar", ["--owner=0", "--group=0", "--mode=a+rX", "-C", root, "-cf", archive, "."]);
  return archive;
}
