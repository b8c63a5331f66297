import { equal, match } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { serveDemo } from "../demo/serve-demo.ts";
import { assembleText } from "../src/testing/toolchain.ts";
import { startChromium } from "./demo-page.ts";
import { LINE_PROGRAM } from "./guest-programs.ts";

const PACKAGE = join(import.meta.dirname, "..");
/** What the README leaves to its reader. */
const IMAGES = `
const kernel = new Uint8Array(await (await fetch("kernel")).arrayBuffer());
const initrd = undefined;
`;

test("the README's example runs in a page: bundled, with no worker, no isolation and no other file", async () => {
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readFileSync(join(PACKAGE, "README.md"), "utf8")) ?? [];
  match(example, /createMachine\(/);
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-library-"));
  await build({
    stdin: { contents: IMAGES + example, resolveDir: PACKAGE, loader: "ts" },
    outfile: join(folder, "page.js"),
    bundle: true,
    platform: "browser",
    format: "esm",
    logLevel: "error",
  });
  writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="page.js"></script>');
  writeFileSync(join(folder, "kernel"), assembleText(LINE_PROGRAM));
  await using server = await serveDemo({ folder, port: 0, isolated: false });
  await using browser = await startChromium();
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "log") said.push(message.text());
  });
  await Promise.all([
    page.waitForEvent("console", { predicate: (message) => message.text().includes("power_off"), timeout: 30_000 }),
    page.goto(server.url),
  ]);
  equal(said.slice(0, -1).join("").trimEnd(), "ready: uname -a; poweroff -f");
  match(said.at(-1) ?? "", /^\{kind: power_off\} \d+$/);
  rmSync(folder, { recursive: true });
});
