import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { documentInstructions } from "./document.ts";

test("docs/vm-riscv.md is what the description says (else: node scripts/generate-vm-docs.ts)", () => {
  const page = readFileSync(new URL("../../../../../docs/vm-riscv.md", import.meta.url), "utf8");
  assert.equal(page, documentInstructions());
});
