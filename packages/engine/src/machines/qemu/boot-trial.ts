/**
 * A guest that does what every kernel does first, and reports by ending the machine. Nothing less tells whether an accelerator works:
 * a device file says nothing, and a host that can't run a guest natively may still interpret its first instructions.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { runTool } from "../tool/index.ts";
import type { Accelerator } from "../virtual/record.ts";

/** A guest for one type of machine, as its firmware. */
export type TrialGuest = {
  readonly machine: string;
  readonly devices: readonly string[];
  readonly rom: () => Buffer;
  /** QEMU's exit code when the guest came to its end. */
  readonly exitCode: number;
};

const ROM_BYTES = 65_536;

/**
 * The last 512 bytes of an x86 ROM: from the reset vector through protected to long mode with paging, 20 million rounds of a loop,
 * `lock cmpxchg16b`, 42 to the debug-exit port 0x501, and then `hlt`. Natively it takes 10 ms.
 */
const X86_CODE =
  "fa2e660f0116b0fe0f20c00c010f22c066ea18fe0f00080066b810008ed8c7050010000003200000c7050020000003300000c7050030000083000000" +
  "b8001000000f22d8b8200600000f22e0b9800000c00f320d000100000f300f20c00d000000800f22c0ea6cfe0f001800b9002d3101ffc975fcf0480f" +
  "c70c250040000066ba0105b02aeef4ebfd8db400008d74000000000000000000ffff0000009acf00ffff00000092cf00ffff0000009aaf001f0090fe" +
  "0f00";
/** `ljmp $0xf000, $0xfe00`, 16 bytes before the end, where an x86 processor begins. */
const X86_RESET = "ea00fe00f0";

/** `mov w0, #8; movk w0, #0x8400, lsl #16; hvc #0; b .`: asks the firmware interface PSCI to switch the machine off. */
const ARM_CODE = "000180520080b072020000d400000014";

/** Guests by Debian's word for the architecture. */
export const TRIAL_GUESTS: Readonly<Record<string, TrialGuest>> = {
  // Linux: Documentation of isa-debug-exit: the exit code is twice the value, plus one.
  amd64: { machine: "q35", devices: ["-device", "isa-debug-exit"], rom: x86Rom, exitCode: 85 },
  arm64: { machine: "virt", devices: [], rom: () => Buffer.from(ARM_CODE, "hex"), exitCode: 0 },
};

function x86Rom(): Buffer {
  const rom = Buffer.alloc(ROM_BYTES);
  rom.set(Buffer.from(X86_CODE, "hex"), ROM_BYTES - 512);
  rom.set(Buffer.from(X86_RESET, "hex"), ROM_BYTES - 16);
  return rom;
}

/** What a trial is of. */
export type Trial = {
  readonly program: string;
  readonly guest: TrialGuest;
  readonly accelerator: Accelerator;
  readonly env: Readonly<Record<string, string>>;
  /** Wall time in ms. */
  readonly limitMs: number;
};

/** Runs the trial guest. @returns undefined where it came to its end in time, or else why not */
export async function tryBoot({ program, guest, accelerator, env, limitMs }: Trial): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "cloister-trial-"));
  const rom = join(folder, "rom");
  const cpu = accelerator === "tcg" ? "max" : "host";
  const machine = ["-M", `${guest.machine},accel=${accelerator}`, "-cpu", cpu, "-m", "16", "-bios", rom];
  const plain = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"];
  try {
    writeFileSync(rom, guest.rom());
    const options = { env, timeLimitMs: limitMs, allow: [guest.exitCode] };
    const { code } = await runTool(program, [...plain, ...machine, ...guest.devices], options);
    return code === guest.exitCode ? undefined : `a trial guest ended with ${code}`;
  } catch (error: unknown) {
    return CloisterError.isInstance(error) ? error.message : String(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
