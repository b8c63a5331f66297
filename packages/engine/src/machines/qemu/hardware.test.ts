import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hardware } from "../virtual/record.ts";
import { sizeFor } from "./hardware.ts";

const SIZES: readonly (readonly [what: string, kind: Pick<Hardware, "architecture" | "accelerator">, cpus: number])[] =
  [
    ["an emulated machine has its processors, in whole ones", { architecture: "amd64", accelerator: "tcg" }, 3],
    ["an emulated RISC-V machine has one processor", { architecture: "riscv64", accelerator: "tcg" }, 1],
    ["an accelerated RISC-V machine has its processors", { architecture: "riscv64", accelerator: "kvm" }, 3],
  ];

for (const [what, kind, cpus] of SIZES)
  test(what, () => assert.deepEqual(sizeFor(kind, { memoryMib: 255.5, cpus: 2.5 }), { memoryMib: 256, cpus }));
