import { enableCompileCache } from "node:module";

// The SDK would print warnings on the standard output, where events go.
Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
// The SDK is 2 MB of source; Node keeps the compiled code in the folder for temporary files, which saves 100 ms a start.
enableCompileCache();

const { runBuiltin } = await import("./run.ts");
process.exit(await runBuiltin(process.argv.slice(2)));
