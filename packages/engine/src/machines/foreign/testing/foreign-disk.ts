import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DiskImport, StoredImage } from "../../images/port.ts";

/**
 * A system that Cloister did not build, of BusyBox and Debian's qemu-guest-agent, without Cloister's: like many, it runs no program from
 * /run, and knows no user `agent`. Words for its kernel say what its agent does: `agent=blocked` refuses guest-exec, `agent=none` is none.
 */
const MAKE_DISK = `set -eu
folder=$1 kernel_initrd=$2
root=$folder/root
for made in bin dev etc proc root run sys tmp usr/sbin var/lib; do mkdir -p "$root/$made"; done
for applet in $(/bin/busybox --list); do ln -s busybox "$root/bin/$applet"; done
cp --remove-destination /bin/busybox "$root/bin/busybox"
cp /usr/sbin/qemu-ga "$root/usr/sbin/"
for library in $(ldd /usr/sbin/qemu-ga | grep -o '/[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
printf 'root:x:0:0:root:/root:/bin/sh\\nsomebody:x:1000:1000::/:/bin/sh' >"$root/etc/passwd"
printf 'root:x:0:' >"$root/etc/group"
printf '::sysinit:/etc/rc\\n::respawn:/etc/agent\\n' >"$root/etc/inittab"
cat >"$root/etc/rc" <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs -o noexec tmpfs /run
END
cat >"$root/etc/agent" <<'END'
#!/bin/sh
case "$(cat /proc/cmdline)" in
  *agent=none*) exec sleep 1000000 ;;
  *agent=blocked*) set -- -b guest-exec ;;
esac
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name")" != org.qemu.guest_agent.0 ] || exec qemu-ga -m virtio-serial -p "/dev/\${port##*/}" -t /run "$@"
done
sleep 0.1
END
chmod 755 "$root/etc/rc" "$root/etc/agent"
mke2fs -q -t ext4 -d "$root" "$folder/disk.raw" 48M >/dev/null
qemu-img convert -f raw -O qcow2 "$folder/disk.raw" "$folder/disk.qcow2"
mkdir "$folder/initrd-files"
cd "$folder/initrd-files"
cpio --quiet -id <"$kernel_initrd"
sed -i 's|^exec switch_root /root .*|exec switch_root /root /bin/busybox init|' init
find . | cpio --quiet -o -H newc >"$folder/initrd"
`;

/**
 * The same system on a disk that boots by itself, by Syslinux: a partition for that from the first MiB on, of 20 MiB, and one for the
 * system behind it. Their table is written as the four numbers that matter: kind, first sector, number of sectors.
 */
const MAKE_BOOTABLE = `set -eu
folder=$1 kernel=$2
disk=$folder/bootable.raw boot=$folder/bootable.raw@@1M
write() { dd of="$disk" conv=notrunc,sparse status=none "$@"; }
truncate -s 72M "$disk"
write if=/usr/lib/syslinux/mbr/mbr.bin
printf '\\200\\0\\0\\0\\014\\0\\0\\0\\000\\010\\000\\000\\000\\240\\000\\000' | write bs=1 seek=446
printf '\\0\\0\\0\\0\\203\\0\\0\\0\\000\\250\\000\\000\\000\\200\\001\\000' | write bs=1 seek=462
printf '\\125\\252' | write bs=1 seek=510
mformat -i "$boot" -T 40960 -h 64 -s 32 -H 2048 ::
syslinux --offset 1048576 -i "$disk"
printf 'DEFAULT linux\nLABEL linux\nKERNEL vmlinuz\nINITRD initrd\nAPPEND console=ttyS0 root=/dev/vda2 quiet panic=-1\n' >"$folder/syslinux.cfg"
mcopy -i "$boot" "$kernel" "$folder/initrd" "$folder/syslinux.cfg" ::
write if="$folder/disk.raw" bs=1M seek=21
`;

/** Disks with such a system, to be imported. */
export type ForeignDisks = {
  /** Boots with the kernel and the drivers of an image of Cloister's. */
  readonly withKernel: Omit<DiskImport, "name">;
  /** Boots by itself. */
  readonly bootable: Omit<DiskImport, "name">;
};

/** Makes such disks. @param folder that does not exist yet */
export function makeForeignDisks(folder: string, { kernel = "", initrd = "" }: StoredImage): ForeignDisks {
  mkdirSync(folder);
  runScript(MAKE_DISK, folder, initrd);
  runScript(MAKE_BOOTABLE, folder, join(dirname(kernel), "vmlinuz"));
  return {
    withKernel: { disk: join(folder, "disk.qcow2"), kernel, initrd: join(folder, "initrd") },
    bootable: { disk: join(folder, "bootable.raw") },
  };
}

function runScript(...[script, ...args]: readonly [string, ...string[]]): void {
  const env = { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` };
  execFileSync("sh", ["-c", script, "sh", ...args], { env, stdio: ["ignore", "inherit", "inherit"] });
}
