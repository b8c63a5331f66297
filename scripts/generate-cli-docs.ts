/** Writes docs/cli.md from the command definitions. A test says when it is out of date. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../packages/cli/src/definitions/index.ts";
import { renderCommandReference } from "../packages/cli/src/program/command-reference.ts";

writeFileSync(join(import.meta.dirname, "..", "docs", "cli.md"), renderCommandReference(COMMANDS));
