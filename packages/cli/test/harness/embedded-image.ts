import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** The release alone: mirrors renew the updates of this architecture later than their signatures at times, and refuse in between. */
export const IMAGE_ENV = { CLOISTER_DEBIAN_SUITES: "release" } as const;
