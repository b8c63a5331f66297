import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
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
 * Makes such a disk. It boots with the kernel and the drivers of an image of Cloister's.
 * @param folder that does not exist yet
 */
export function makeForeignDisk(folder: string, { kernel = "", initrd = "" }: StoredImage): Omit<DiskImport, "name"> {
  mkdirSync(folder);
  execFileSync("sh", ["-c", MAKE_DISK, "sh", folder, initrd], {
    env: { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` },
    stdio: ["ignore", "inherit", "inherit"],
  });
  return { disk: join(folder, "disk.qcow2"), kernel, initrd: join(folder, "initrd") };
}
