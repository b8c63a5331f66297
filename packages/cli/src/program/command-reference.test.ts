import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMMANDS } from "../definitions/index.ts";
import { renderCommandReference } from "./command-reference.ts";

test("docs/cli.md is what the command definitions say (else: node scripts/generate-cli-docs.ts)", () => {
  const page = readFileSync(new URL("../../../../docs/cli.md", import.meta.url), "utf8");
  assert.equal(page, renderCommandReference(COMMANDS));
});
