/** The entry of `cloister`: turns the compile cache on before anything else is loaded, then hands over. */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runCommandLine } = await import("./program/run-command-line.ts");
await runCommandLine(process.argv.slice(2));
