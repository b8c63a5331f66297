// The checks of every change, cheap ones first; the same here and in CI. Writes nothing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkBrowserBundles } from "./check-browser-bundle.ts";
import { checkLayers } from "./check-layers.ts";

const root = join(import.meta.dirname, "..");
const tool =
  (name: string, ...args: string[]) =>
  (): boolean =>
    spawnSync(join(root, "node_modules", ".bin", name), args, { cwd: root, stdio: "inherit" }).status === 0;

const steps: readonly (readonly [string, () => boolean | Promise<boolean>])[] = [
  ["format", tool("oxfmt", "--check", ".")],
  ["lint", tool("oxlint", "--type-aware", "--deny-warnings")],
  ["types of core, without Node", tool("tsc", "-p", "packages/core")],
  ["types of vm, without Node", tool("tsc", "-p", "packages/vm")],
  ["types of the page that shows vm", tool("tsc", "-p", "packages/vm/demo/page")],
  ["types", tool("tsc", "-p", ".")],
  ["layers", () => checkLayers(root)],
  ["dead exports and dependencies", tool("knip")],
  ["browser bundles of core and vm", () => checkBrowserBundles(root)],
  ["tests", tool("node", "scripts/test.ts")],
];

for (const [name, step] of steps) {
  const startedAt = performance.now();
  process.stdout.write(`── ${name}\n`);
  if (!(await step())) {
    process.stdout.write(`── ${name}: failed\n`);
    process.exit(1);
  }
  process.stdout.write(`── ${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
