import { createHash } from "node:crypto";
import { stateHome } from "../../workspace/worktree.ts";

/**
 * Names the home of Cloister that an environment belongs to, by 12 hexadecimal digits. Several homes share what a host has one of, such as
 * a container engine: what belongs to another is not an orphan.
 */
export function homeOf(env: Readonly<Record<string, string>>): string {
  return createHash("sha256").update(stateHome(env)).digest("hex").slice(0, 12);
}
