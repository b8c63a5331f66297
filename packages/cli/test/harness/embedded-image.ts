import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestRepository } from "./test-repository.ts";

/** The least that a plan runs in: RISC-V Linux with git. Its name, and the text of its manifest. */
export const GIT_IMAGE = {
  name: "plan-in-embedded",
  manifest: `name: plan-in-embedded
architecture: riscv64
release: trixie
packages: [git]
diskMib: 512
outputs: [disk]
`,
} as const;

/** Images that tests have built: all share them. */
export const SHARED_IMAGES: string = join(tmpdir(), `cloister-test-images-${process.getuid?.() ?? 0}`, "images");

/** The release alone, under any of its names: mirrors renew lists of this architecture later than their signatures at times. */
export const IMAGE_ENV = { CLOISTER_DEBIAN_SUITES: "release?" } as const;

/** A build may wait for a mirror, and takes a minute of a processor. */
const LONGEST_MS = 10 * 60_000;

/** Builds the image with git for a repository's user, where it was not built before. */
export async function buildGitImage(repository: TestRepository): Promise<void> {
  const state = repository.env["CLOISTER_STATE_HOME"] ?? "";
  for (const folder of [SHARED_IMAGES, state]) mkdirSync(folder, { recursive: true });
  symlinkSync(SHARED_IMAGES, join(state, "images"));
  const manifest = join(repository.folder, "image.yaml");
  writeFileSync(manifest, GIT_IMAGE.manifest);
  const built = await repository.run(["image", "build", manifest], { env: IMAGE_ENV, longestMs: LONGEST_MS });
  assert.equal(built.code, 0, built.stderr);
}
