#!/usr/bin/env node
// Plain JavaScript on purpose: it must start on any Node, to hand over to one that is new enough.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = join(here, "..", "dist", "main.js");
const entry = existsSync(built) ? built : join(here, "..", "src", "main.ts");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 15)) {
  await import(pathToFileURL(entry).href);
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `cloister: expected Node 24.15 or newer, found ${process.versions.node}. Install Node 24, or reinstall with optional dependencies.\n`,
    );
    process.exit(1);
  }
  const child = spawnSync(node, [entry, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(child.status ?? 1);
}

function bundledNode() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return join(dirname(manifest), "bin", "node");
  } catch {
    return undefined; // The optional dependency does not exist for this platform.
  }
}
