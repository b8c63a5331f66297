import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SECTOR_BYTES } from "../../src/disk/port.ts";

/** What a guest of the comparison is asked to do: a file each, run by bash in a folder of its own. */
const CHECKS = join(import.meta.dirname, "checks");

/**
 * The kernel's command line. The initial RAM disk's own script goes as far as the mounted root file system; then the second disk's content
 * is run there, in place of the guest agent. So nothing has to be typed, and both machines are told the same.
 */
export const BOOT_WORDS: string =
  `console=ttyS0 quiet loglevel=0 rdinit=/bin/sh -- -c "/bin/busybox sed '/^umount/,$d' init >start; . /start; cat /dev/vdb >/root/checks.sh; ` +
  `umount /dev /sys /proc; for t in dev:devtmpfs proc:proc sys:sysfs tmp:tmpfs; do mount -t \${t#*:} none /root/\${t%:*}; done; ` +
  `exec switch_root /root /bin/bash /checks.sh"`;

/** Where the guests' clocks start: 2025-01-01 00:00 UTC. */
const START_SECONDS = 1_735_689_600;

const PREPARE = `export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TZ=UTC PYTHONHASHSEED=0
ln -s /proc/self/fd /dev/fd
date -s @${START_SECONDS} >/dev/null
ulimit -c 0
echo 0 >/proc/sys/kernel/randomize_va_space
check() {
  mkdir -p "/tmp/$1" && cd "/tmp/$1" && cat >check.sh
  bash -e check.sh </dev/null >said 2>&1
  status=$?
  printf '@begin %s\\n' "$1" && cat -v said && printf '@end %s %d\\n' "$1" "$status"
  cd / && rm -rf "/tmp/$1"
}
`;

/** The image has no program that powers off without an init: reboot(2), with LINUX_REBOOT_CMD_POWER_OFF. */
const POWER_OFF = `echo '@done'
sync
exec python3 -Sc 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
`;

/** Names of all checks. */
export function checkNames(): readonly string[] {
  return readdirSync(CHECKS)
    .filter((file) => file.endsWith(".sh"))
    .map((file) => file.slice(0, -3))
    .toSorted();
}

/**
 * The second disk: a shell script that runs the checks, prints what each said between `@begin NAME` and `@end NAME STATUS`, and powers off.
 * @param names of the checks, in their order
 */
export function createCheckDisk(names: readonly string[]): Uint8Array {
  const checks = names.map((name) => `check ${name} <<'@@@'\n${readFileSync(join(CHECKS, `${name}.sh`), "utf8")}@@@\n`);
  const script = Buffer.from([PREPARE, ...checks, POWER_OFF].join(""));
  const bytes = new Uint8Array(Math.ceil(script.length / SECTOR_BYTES) * SECTOR_BYTES).fill(0x0a);
  bytes.set(script);
  return bytes;
}
