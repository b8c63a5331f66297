import { checksum } from "../cache/checksum.ts";
import { MODE } from "../memory/layout.ts";
import { riscvCoreBytes } from "../processor/riscv-core.ts";
import { createDecoder } from "../riscv/isa/decode.ts";
import { instructionAt } from "../riscv/isa/instructions.ts";
import { compileUnit } from "./compile-unit.ts";
import { discoverBlocks } from "./discover.ts";
import type { Shape } from "./request.ts";

/** Grows where a unit's meaning changes in a way that neither the core module nor the sample shows. */
const UNIT_VERSION = 5;

/** Instructions that between them make all that a unit is built of: loop, accesses, short branch, branch, call, CSR, atomic, float, return. */
const SAMPLE = [
  0x0005b503, 0x00a5b423, 0xfff60613, 0x00050463, 0x00158593, 0xfe0618e3, 0x008000ef, 0x10002573, 0x00b6252f,
  0x0220f053, 0x0000100f, 0x00008067,
] as const;

/** What `engineIdentity` gives, as a build has worked it out beforehand. */
declare const CLOISTER_ENGINE_IDENTITY: string | undefined;

/**
 * Names all that compiled units depend on besides the guest's code: the description of the instruction set, its lowering, the layout of
 * memory, the functions that units call, and how units are built. Two engines of one name can use each other's units.
 * @returns such as `riscv64-1-9f86d081884c7d65`
 */
export function engineIdentity(): string {
  return typeof CLOISTER_ENGINE_IDENTITY === "undefined" ? findIdentity() : CLOISTER_ENGINE_IDENTITY;
}

function findIdentity(): string {
  const parts = [
    checksum(riscvCoreBytes(true)),
    ...(["block", "region"] as const).map((shape) => checksum(compileSample(shape))),
  ];
  const sum = checksum(Uint8Array.from(parts.flatMap((part) => [...part])));
  const name = [...sum.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `riscv64-${UNIT_VERSION}-${name}`;
}

function compileSample(shape: Shape): Uint8Array {
  const page = new DataView(new ArrayBuffer(4096));
  SAMPLE.forEach((bits, index) => page.setUint32(index * 4, bits, true));
  const blocks = discoverBlocks({
    code: page,
    offset: 0,
    shape,
    inlines: true,
    limit: SAMPLE.length,
    decode: createDecoder(),
    flowOf: (instruction) => instructionAt(instruction).flow,
  });
  const kind = { mode: MODE.supervisor, shape, border: 4096 };
  return compileUnit(blocks, kind, (instruction) => instructionAt(instruction).semantics);
}
