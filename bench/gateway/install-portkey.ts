/** Portkey's gateway, outside the lockfile: nothing of Cloister depends on it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** The version that Cloister is measured beside. */
export const PORTKEY = "@portkey-ai/gateway@1.15.2";

/** With a later version of its server, which it admits, it answers every stream with status 500 (its issue 1389). */
const MANIFEST = JSON.stringify({ private: true, overrides: { "@hono/node-server": "1.14.1" } });
const WANTED = PORTKEY + MANIFEST;
const FOLDER = join(import.meta.dirname, "..", "..", ".cache", "portkey");

/** Installs it where that has not been done, without install scripts. @returns the path of its server. */
export function installPortkey(): string {
  const stamp = join(FOLDER, ".installed");
  const server = join(FOLDER, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
  if (existsSync(server) && existsSync(stamp) && readFileSync(stamp, "utf8") === WANTED) return server;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "package.json"), MANIFEST);
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}` };
  const stdio = ["ignore", "inherit", "inherit"] as const;
  const child = spawnSync("npm", ["install", "--prefix", FOLDER, ...options, PORTKEY], {
    cwd: FOLDER,
    env,
    stdio: [...stdio],
  });
  if (child.status !== 0) throw new Error(`npm could not install ${PORTKEY} (exit ${child.status ?? child.signal}).`);
  writeFileSync(stamp, WANTED);
  return server;
}
