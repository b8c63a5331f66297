import { writeCpio, type CpioEntry } from "./cpio.ts";
import { IMAGE_EPOCH_S } from "./epoch.ts";
import { GUEST_PROGRAM_PATH } from "./guest-files.ts";
import type { KernelModule } from "./kernel-modules.ts";

const FOLDERS: readonly string[] = ["bin", "dev", "modules", "proc", "root", "sys"];
/** What the script uses of BusyBox. */
const APPLETS: readonly string[] = ["cat", "insmod", "mount", "poweroff", "sh", "switch_root", "umount", "usleep"];
const VIRTIO_DEVICES = "/sys/bus/virtio/devices/*/device";
const FOLDER = 0o40755;
const PROGRAM = 0o100755;
const FILE = 0o100644;
const LINK = 0o120777;
const CHARACTER_DEVICE = 0o20600;
/** Linux: Documentation/admin-guide/devices.txt */
const CONSOLE: readonly [number, number] = [5, 1];

/** The script has the numbers of the machine's virtio devices in `$devices`, each between spaces. */
function loadModule({ name, device }: KernelModule): string {
  const insert = `insmod /modules/${name}.ko`;
  if (device === undefined) return insert;
  const number = `0x${device.toString(16).padStart(4, "0")}`;
  return `case "$devices" in *" ${number} "*) ${insert} ;; esac`;
}

/**
 * The first program of a virtual machine. It finds the disk within 10 s, and hands over to the guest agent on it. Without the disk it
 * powers off, so that who waits for the machine sees that it ended, and its console says why.
 */
function initScript(modules: readonly KernelModule[]): string {
  const always = modules.filter(({ device }) => device === undefined).map(loadModule);
  const optional = modules.filter(({ device }) => device !== undefined).map(loadModule);
  return `#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
${always.join("\n")}
devices=" $(echo $(cat ${VIRTIO_DEVICES})) "
${optional.join("\n")}
disk=/dev/vda
for word in $(cat /proc/cmdline); do
  case "$word" in root=*) disk=\${word#root=} ;; esac
done
tries=0
while [ ! -b "$disk" ] && [ "$tries" -lt 100 ]; do
  tries=$((tries + 1))
  usleep 100000
done
if ! mount -t ext4 -o rw,noatime,noinit_itable "$disk" /root; then
  echo "cloister: the root file system on $disk can't be mounted"
  poweroff -f
fi
umount /dev /sys /proc
exec switch_root /root ${GUEST_PROGRAM_PATH} init
`;
}

/**
 * The initial file system: BusyBox, kernel modules, and a script that loads them and starts the guest agent from the disk.
 * @param busybox a static program
 */
export function writeInitrd(busybox: Uint8Array, modules: readonly KernelModule[]): Buffer {
  const entries: readonly CpioEntry[] = [
    ...FOLDERS.map((path) => ({ path, mode: FOLDER })),
    { path: "dev/console", mode: CHARACTER_DEVICE, device: CONSOLE },
    { path: "bin/busybox", mode: PROGRAM, content: busybox },
    ...APPLETS.map((name) => ({ path: `bin/${name}`, mode: LINK, content: Buffer.from("busybox") })),
    ...modules.map(({ name, content }) => ({ path: `modules/${name}.ko`, mode: FILE, content })),
    { path: "init", mode: PROGRAM, content: Buffer.from(initScript(modules)) },
  ];
  return writeCpio(entries, IMAGE_EPOCH_S);
}
