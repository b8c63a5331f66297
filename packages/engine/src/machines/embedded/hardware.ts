import { CloisterError, type MachineLimits } from "@cloister/core";
import type { MachineImage } from "../port.ts";
import { diskBytesFor } from "../virtual/layers.ts";
import type { Hardware } from "../virtual/record.ts";

/** The guest's architecture, by Debian's word, whatever the host's is. */
export const ARCHITECTURE = "riscv64";

/** The kernel's. `panic=-1`: a guest that can't go on resets at once, which ends the process. */
export const COMMAND_LINE = "console=ttyS0 root=/dev/vda rw quiet panic=-1";

/** Of the engine: one WebAssembly memory ends at 4 GiB. */
const MEMORY_MIB = { least: 64, most: 3500 } as const;

/** The memory of a machine within limits, in MiB. */
export function memoryFor({ memoryMib }: MachineLimits): number {
  return Math.min(MEMORY_MIB.most, Math.max(MEMORY_MIB.least, Math.ceil(memoryMib)));
}

/** The hardware of a machine made of an image. @throws CloisterError `image_invalid` where the image is for another architecture, or Cloister did not build it */
export function hardwareFor(image: MachineImage, limits: MachineLimits): Hardware {
  if (image.architecture !== ARCHITECTURE)
    throw new CloisterError({
      code: "image_invalid",
      message: `Expected an image for ${ARCHITECTURE}, got one for ${image.architecture}: embedded machines are of one architecture on every host.`,
      remedy: `Build one: cloister image build tiny --arch ${ARCHITECTURE}`,
    });
  if (image.foreign !== undefined)
    throw new CloisterError({
      code: "image_invalid",
      message:
        "Expected an image that Cloister built, got an imported disk: embedded machines have no port for qemu-guest-agent.",
      remedy: "Make a machine of it with the driver qemu or libvirt.",
    });
  return {
    architecture: ARCHITECTURE,
    accelerator: "tcg",
    memoryMib: memoryFor(limits),
    cpus: 1,
    diskBytes: diskBytesFor(image, limits),
  };
}
