import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { CloisterError } from "@cloister/core";

/** What plan files are usually called, the likeliest first. */
export const USUAL_PLANS: readonly string[] = [
  "plan.md",
  "PLAN.md",
  "IMPLEMENTATION_PLAN.md",
  "fix_plan.md",
  "prd.json",
];

/**
 * The plan that the user means without naming it: the first of {@link USUAL_PLANS} in `folder`, else in the repository's root.
 * @returns its path, relative to `folder`.
 * @throws CloisterError `usage_invalid` where there is none.
 */
export function findPlan(folder: string, root: string): string {
  for (const place of new Set([folder, root])) {
    const name = USUAL_PLANS.find((candidate) => existsSync(join(place, candidate)));
    if (name !== undefined) return relative(folder, join(place, name));
  }
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected a plan, found none of ${USUAL_PLANS.join(", ")} here.`,
    remedy: 'Name one (cloister run FILE), say it in words (cloister run -p "…"), or write one with: cloister init',
  });
}
