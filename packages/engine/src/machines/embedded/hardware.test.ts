import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_MACHINE_LIMITS } from "@cloister/core";
import { hardwareFor } from "./hardware.ts";

const IMAGE = { digest: "0".repeat(64), architecture: "riscv64" };

test("images of another architecture, and disks that Cloister did not build, are refused before anything is made", () => {
  assert.equal(hardwareFor(IMAGE, DEFAULT_MACHINE_LIMITS).cpus, 1);
  for (const [image, said] of [
    [{ ...IMAGE, architecture: "amd64" }, /Expected an image for riscv64, got one for amd64/],
    [{ ...IMAGE, foreign: { guestProgram: "/cloister-guest" } }, /got an imported disk/],
  ] as const)
    assert.throws(() => hardwareFor(image, DEFAULT_MACHINE_LIMITS), { code: "image_invalid", message: said });
});
