import type { MachineLimits } from "@cloister/core";
import type { ForeignImage, MachineImage } from "../port.ts";
import { diskBytesFor } from "../virtual/layers.ts";
import type { ForeignSystem, Hardware } from "../virtual/record.ts";
import { hostArchitecture } from "./architecture.ts";
import type { QemuFinding } from "./probe.ts";

/** The hardware of a machine made of an image: whole processors, and no acceleration for another architecture than the host's. */
export function hardwareFor(image: MachineImage, limits: MachineLimits, finding: QemuFinding): Hardware {
  const { architecture, foreign } = image;
  return {
    architecture,
    accelerator: architecture === hostArchitecture() ? finding.accelerator : "tcg",
    memoryMib: Math.ceil(limits.memoryMib),
    cpus: Math.ceil(limits.cpus),
    diskBytes: diskBytesFor(image, limits),
    ...(foreign !== undefined && { foreign: foreignSystem(foreign) }),
  };
}

function foreignSystem({ kernelArguments }: ForeignImage): ForeignSystem {
  return kernelArguments === undefined ? {} : { kernelArguments };
}
