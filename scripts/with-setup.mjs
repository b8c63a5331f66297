// Plain JavaScript on purpose: it runs on any Node, on a fresh clone, before anything is installed.
// Usage: node scripts/with-setup.mjs ENTRY [ARGUMENT…]: installs what the lockfile says where that has not been done, then runs ENTRY on Node 24.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".cloister-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  process.stderr.write("cloister: installing dependencies (once; about 20 s)…\n");
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}
process.exit(run(findNode(), process.argv.slice(2), { keepStatus: true }));

/** The Node of the lockfile where it has one for this platform, or else the one that runs this, where it is new enough. */
function findNode() {
  const bundled = join(root, "node_modules", ".bin", "node");
  if (existsSync(bundled)) return bundled;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 24 || (major === 24 && minor >= 15)) return process.execPath;
  process.stderr.write(`cloister: expected Node 24.15 or newer, found ${process.versions.node}. Install Node 24.\n`);
  return process.exit(1);
}

function run(command, args, { keepStatus = false } = {}) {
  const bin = join(root, "node_modules", ".bin");
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ""}` };
  const child = spawnSync(command, args, { cwd: keepStatus ? process.cwd() : root, stdio: "inherit", env });
  const status = child.status ?? 1;
  if (status !== 0 && !keepStatus) process.exit(status);
  return status;
}
