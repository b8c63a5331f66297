/** Writes docs/plan.schema.json from the schemas that plans are checked with. Usage: node scripts/generate-schema.ts */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { planSchema } from "../packages/engine/src/plans/index.ts";

const target = fileURLToPath(new URL("../docs/plan.schema.json", import.meta.url));
writeFileSync(target, JSON.stringify(planSchema()));
execFileSync("oxfmt", [target]);
