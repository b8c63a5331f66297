// Writes what format and lint can mend by themselves.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
for (const args of [
  ["oxlint", "--type-aware", "--fix"],
  ["oxfmt", "."],
]) {
  const [name = "", ...rest] = args;
  spawnSync(join(root, "node_modules", ".bin", name), rest, { cwd: root, stdio: "inherit" });
}
