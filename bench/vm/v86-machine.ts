/** A machine of v86 with its serial port on standard output: `node v86-machine.ts KERNEL INITRD WORDS`. Stays when the guest has powered off. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { V86, type V86Image } from "v86";

/** Debian's package `seabios`. */
const FIRMWARE = "/usr/share/seabios";
const MEMORY_BYTES = 256 * 1024 * 1024;
const VIDEO_MEMORY_BYTES = 2 * 1024 * 1024;

const [kernel = "", initrd = "", words = ""] = process.argv.slice(2);
const machine = new V86({
  wasm_path: fileURLToPath(new URL("v86.wasm", import.meta.resolve("v86"))),
  memory_size: MEMORY_BYTES,
  vga_memory_size: VIDEO_MEMORY_BYTES,
  bios: readImage(join(FIRMWARE, "bios.bin")),
  vga_bios: readImage(join(FIRMWARE, "vgabios-stdvga.bin")),
  bzimage: readImage(kernel),
  initrd: readImage(initrd),
  cmdline: words,
  autostart: true,
});
machine.add_listener("serial0-output-byte", (byte: number) => void process.stdout.write(Uint8Array.of(byte)));

function readImage(path: string): V86Image {
  return { buffer: new Uint8Array(readFileSync(path)).buffer };
}
