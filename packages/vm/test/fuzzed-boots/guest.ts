import { readFileSync } from "node:fs";
import { createMemoryDisk } from "../../src/disk/memory-disk.ts";
import { createOverlayDisk } from "../../src/disk/overlay-disk.ts";
import type { BlockBackend } from "../../src/bus/port.ts";
import type { ImageFiles } from "../built-image.ts";

/** What boots: files of an image. */
export type Guest = { readonly kernel: Uint8Array; readonly initrd: Uint8Array; readonly disk: Uint8Array };

/** Says that all is ready for the virtio devices to be found. */
export const BEFORE_DEVICES = "\n@devices";
/** Says that the guest has used all its devices, and powers off. */
export const WORKED = "\n@worked";

/**
 * Loads the drivers of virtio devices, the bus last, so that all of them are found at once; then has work for each device that is there.
 * What fails, fails.
 */
const WORK = [
  "export PATH=/bin",
  "mount -t proc proc /proc",
  "mount -t sysfs sysfs /sys",
  "mount -t devtmpfs devtmpfs /dev",
  "for m in failover net_failover virtio_net virtio_blk virtio_rng virtio_balloon; do insmod /modules/$m.ko; done",
  "echo @devices",
  "insmod /modules/virtio_mmio.ko",
  "busybox dd if=/dev/vda bs=32k count=8 | busybox md5sum",
  "busybox dd if=init of=/dev/vda bs=512 seek=99 conv=fsync",
  "busybox dd if=/dev/hwrng bs=64 count=2 | busybox wc -c",
  "echo hello >/dev/hvc0",
  "busybox ifconfig eth0 10.0.2.15 up",
  "busybox ping -c 1 -W 1 10.0.2.2",
  "cat /proc/interrupts",
  "echo @worked",
  "poweroff -f",
];

/** The kernel's command line. A kernel that panics resets the machine, which ends the boot. */
export const BOOT_WORDS: string = `console=ttyS0 panic=-1 rdinit=/bin/sh -- -c "${WORK.join("; ")}"`;

/** Reads what boots. */
export function readGuest({ folder, kernel, initrd }: ImageFiles): Guest {
  return {
    kernel: readFileSync(kernel),
    initrd: withoutSignatures(readFileSync(initrd)),
    disk: readFileSync(`${folder}/disk.raw`),
  };
}

/** What the kernel finds at the end of a signed module. */
const SIGNED = Buffer.from("~Module signature appended~\n");

/** To check the six signatures takes 700 million instructions, most of what there is to do until the devices are looked for. */
function withoutSignatures(initrd: Buffer): Buffer {
  for (let at = initrd.indexOf(SIGNED); at >= 0; at = initrd.indexOf(SIGNED, at))
    initrd.fill(0, at, at + SIGNED.length);
  return initrd;
}

/** A disk of the guest's own: what is written stays in memory. */
export function openGuestDisk({ disk }: Guest): BlockBackend {
  return createOverlayDisk(createMemoryDisk(disk, { readOnly: true }));
}
