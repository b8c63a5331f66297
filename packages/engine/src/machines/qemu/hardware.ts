import type { MachineLimits } from "@cloister/core";
import type { ForeignImage, MachineImage } from "../port.ts";
import { diskBytesFor } from "../virtual/layers.ts";
import type { ForeignSystem, Hardware } from "../virtual/record.ts";
import { architectureOf, hostArchitecture } from "./architecture.ts";
import type { QemuFinding } from "./probe.ts";

/** The hardware of a machine made of an image: no acceleration for another architecture than the host's. */
export function hardwareFor(image: MachineImage, limits: MachineLimits, finding: QemuFinding): Hardware {
  const { architecture, foreign } = image;
  const accelerator = architecture === hostArchitecture() ? finding.accelerator : "tcg";
  return {
    architecture,
    accelerator,
    ...sizeFor({ architecture, accelerator }, limits),
    diskBytes: diskBytesFor(image, limits),
    ...(foreign !== undefined && { foreign: foreignSystem(foreign) }),
  };
}

/** The memory of a machine that boots, and its processors: whole ones, and no more than work on its kind of hardware. */
export function sizeFor(
  { architecture, accelerator }: Pick<Hardware, "architecture" | "accelerator">,
  { memoryMib, cpus }: Pick<MachineLimits, "memoryMib" | "cpus">,
): Pick<Hardware, "memoryMib" | "cpus"> {
  const most = accelerator === "tcg" ? architectureOf(architecture).mostEmulated : undefined;
  return { memoryMib: Math.ceil(memoryMib), cpus: Math.min(Math.ceil(cpus), most ?? Infinity) };
}

function foreignSystem({ kernelArguments }: ForeignImage): ForeignSystem {
  return kernelArguments === undefined ? {} : { kernelArguments };
}
