import { chmodSync, copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { BuiltRoot, Busybox } from "./build-image.ts";
import { GUEST_FOLDERS, writeGuestFile, writeGuestFiles } from "./guest-files.ts";
import { packFolder } from "./pack-folder.ts";
import type { ToolContext } from "./build-tool.ts";

const FOLDERS: readonly string[] = ["bin", "dev", "etc", "mnt", "proc", "root", "run", "sys"];

/** The everyday programs of a shell, of those that Debian's static BusyBox has: nothing that reaches for a network or a disk. */
const APPLETS: readonly string[] =
  `[ ash awk basename cat chgrp chmod chown chroot clear cmp cp cut date dd df diff dirname dmesg du echo env expr false find free grep
  gunzip gzip head hexdump hostname id kill killall ln ls md5sum mkdir mkfifo mknod mktemp more mount mv nc nproc od paste patch pidof
  poweroff printf ps pwd readlink realpath reset rm rmdir sed seq setsid sh sha256sum sha512sum sleep sort stat stty su sync tac tail
  tar tee test timeout top touch tr true truncate tty umount uname uniq unlink uptime usleep vi wc which whoami xargs xxd yes zcat`.split(
    /\s+/,
  );

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000:Agent:/home/agent:/bin/sh\n";
const GROUP = "root:x:0:\ntty:x:5:\nagent:x:1000:\n";

/**
 * A root file system of BusyBox and the guest agent, a few MB in all: for machines that start in seconds.
 * @param parts paths of static programs
 */
export async function buildBusyboxRoot(
  context: ToolContext,
  parts: { readonly busybox: Busybox; readonly guestProgram: string },
): Promise<BuiltRoot> {
  const root = join(context.folder, "root");
  for (const folder of [...FOLDERS, ...GUEST_FOLDERS.map(({ path }) => path)])
    mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(parts.busybox.program, join(root, "bin/busybox"));
  chmodSync(join(root, "bin/busybox"), 0o755);
  for (const applet of APPLETS) symlinkSync("busybox", join(root, "bin", applet));
  writeGuestFile(root, { path: "etc/passwd", content: PASSWD });
  writeGuestFile(root, { path: "etc/group", content: GROUP });
  writeGuestFiles(root, parts.guestProgram);
  const archive = join(context.folder, "rootfs.tar");
  await packFolder(context, { folder: root, archive, special: GUEST_FOLDERS });
  return { archive, packages: [], npm: [] };
}
