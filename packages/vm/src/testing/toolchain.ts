import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RAM_BASE } from "../memory/layout.ts";

/** The processor that QEMU is to be: one that has all the extensions that are described here. Spelt as QEMU 7.2 does. */
export const REFERENCE_PROCESSOR = "rv64,Zfh=true";

/** Calls back with a folder that is there for as long as that takes. */
export function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Assembles a bare-metal program (GNU syntax). @returns its bytes, to be loaded at the start of RAM, where it begins */
export function assembleText(text: string): Uint8Array {
  return inFolder((folder) => {
    const [source, elf, flat] = [join(folder, "program.s"), join(folder, "program"), join(folder, "program.bin")];
    // The linker would take bytes out, and move what has its place behind them.
    writeFileSync(source, `.option norelax\n${text}`);
    const options = ["-nostdlib", "-static", "-march=rv64gc_zba_zbb_zbs", "-Wl,--build-id=none,--no-warn-rwx-segments"];
    const place = `-Wl,-Ttext=0x${RAM_BASE.toString(16)},-e0x${RAM_BASE.toString(16)}`;
    execFileSync("riscv64-linux-gnu-gcc", [...options, place, source, "-o", elf], { timeout: 30_000 });
    execFileSync("riscv64-linux-gnu-objcopy", ["-O", "binary", elf, flat], { timeout: 30_000 });
    return Uint8Array.from(readFileSync(flat));
  });
}
