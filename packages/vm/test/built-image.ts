import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CLOISTER = join(import.meta.dirname, "../../cli/bin/cloister.js");
/** Kept between test files and runs: an image is known by what it was built of, and built once. */
const SHARED = join(tmpdir(), `cloister-test-images-${process.getuid?.() ?? 0}`);
/** Most of it goes into fetching packages, where the image was not built before. */
const LONGEST_BUILD_MS = 30 * 60_000;

/** An image: its folder in the store, and paths of its files. */
export type ImageFiles = { readonly folder: string; readonly kernel: string; readonly initrd: string };

/** Has `cloister` build one of its images for RISC-V, where it was not built before. */
export function buildImage(name: "tiny" | "base"): ImageFiles {
  const home = mkdtempSync(join(tmpdir(), "cloister-home-"));
  try {
    for (const part of ["images", "cache"]) {
      mkdirSync(join(SHARED, part), { recursive: true });
      symlinkSync(join(SHARED, part), join(home, part));
    }
    // The release alone, under any of its names: mirrors renew lists of this architecture later than their signatures at times.
    const env = { ...process.env, HOME: home, CLOISTER_STATE_HOME: home, CLOISTER_DEBIAN_SUITES: "release?" };
    const args = [CLOISTER, "image", "build", name, "--arch", "riscv64", "--json"];
    const printed = execFileSync(process.execPath, args, { env, encoding: "utf8", timeout: LONGEST_BUILD_MS });
    const { digest } = JSON.parse(printed) as { readonly digest: string };
    const folder = join(SHARED, "images", digest);
    return { folder, kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd") };
  } finally {
    rmSync(home, { recursive: true });
  }
}
