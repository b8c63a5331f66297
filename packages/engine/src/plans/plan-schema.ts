import { z } from "zod";
import { frontMatter, prd, prdList, taskMetadata } from "./schema.ts";

/**
 * The JSON Schema (draft 2020-12) of what plans hold besides prose. At the top: a `prd.json`.
 * `$defs` has the front matter of a Markdown plan and the block of YAML below a task's heading.
 */
export function planSchema(): Record<string, unknown> {
  const parts = z.toJSONSchema(z.object({ prd, prdList, frontMatter, task: taskMetadata }), { io: "input" });
  return {
    $schema: parts.$schema,
    title: "Cloister plan",
    description: "A prd.json. $defs: frontMatter and task, of a Markdown plan.",
    anyOf: [{ $ref: "#/$defs/prd" }, { $ref: "#/$defs/prdList" }],
    $defs: { ...parts.properties, ...parts.$defs },
  };
}
