/** The entry of `cloister`: turns the compile cache on before anything else is loaded, then hands over. */
import { enableCompileCache } from "node:module";

enableCompileCache();
if (process.argv[2] === "vm" && process.argv[3] === "run") (await import("./program/ensure-v8-pool.ts")).ensureV8Pool();
const { runCommandLine } = await import("./program/run-command-line.ts");
await runCommandLine(process.argv.slice(2));
