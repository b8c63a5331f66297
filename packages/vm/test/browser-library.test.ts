import { deepEqual } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { serveDemo } from "../demo/serve-demo.ts";
import { assembleText } from "../src/testing/toolchain.ts";
import { startChromium } from "./demo-page.ts";
import { HOT_PROGRAM } from "./hot-program.ts";

/** The engine as anybody may use it: in the page itself, with no worker, no isolation and no other file. */
const SCRIPT = `
import { createMachine, webHost } from "./src/index.ts";
const kernel = new Uint8Array(await (await fetch("hot")).arrayBuffer());
const machine = await createMachine({ host: webHost(), kernel, memoryMib: 16, shared: false });
let printed = "";
machine.console.onData((bytes) => (printed += new TextDecoder().decode(bytes)));
void machine.console.write(new TextEncoder().encode("x"));
const end = await machine.run();
document.title = JSON.stringify({ end, printed });
`;

test("the engine's index is bundled for browsers, and runs a machine in a page by itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-library-"));
  await build({
    stdin: { contents: SCRIPT, resolveDir: join(import.meta.dirname, ".."), loader: "ts" },
    outfile: join(folder, "page.js"),
    bundle: true,
    platform: "browser",
    format: "esm",
    logLevel: "error",
  });
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><title>-</title><script type="module" src="page.js"></script>',
  );
  writeFileSync(join(folder, "hot"), assembleText(HOT_PROGRAM));
  await using server = await serveDemo({ folder, port: 0, isolated: false });
  await using browser = await startChromium();
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction("document.title !== '-'", undefined, { timeout: 30_000 });
  deepEqual(JSON.parse(await page.title()), { end: { kind: "power_off" }, printed: "ready: x" });
  rmSync(folder, { recursive: true });
});
