import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Absolute path of the program that runs a machine: its source beside this file, or `embedded-machine.js` beside the bundle. */
export function machineEntry(): string {
  const source = fileURLToPath(new URL("machine-process.ts", import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL("embedded-machine.js", import.meta.url));
}
