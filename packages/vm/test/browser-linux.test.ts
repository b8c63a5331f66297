import { deepEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildDemo } from "../demo/build-demo.ts";
import { serveDemo } from "../demo/serve-demo.ts";
import { DemoPage, startChromium } from "./demo-page.ts";
import { buildImage } from "./built-image.ts";

/** Some ten seconds where nobody else works on the machine. */
const LONGEST_BOOT_MS = 180_000;

test("Debian's kernel boots to a shell in Chromium, does what is typed in the page, and powers off", async () => {
  const { kernel, initrd } = buildImage("tiny");
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-demo-"));
  await buildDemo(folder);
  const others = new Map([
    ["kernel", kernel],
    ["initrd", initrd],
  ]);
  await using server = await serveDemo({ folder, others, port: 0 });
  await using browser = await startChromium();
  const append = encodeURIComponent("console=ttyS0 quiet rdinit=/bin/sh");
  const page = await DemoPage.open(browser, `${server.url}?kernel=kernel&initrd=initrd&append=${append}`);
  await page.untilShown("~ #", LONGEST_BOOT_MS);
  await page.untilCounted("Blocks compiled", 1000);
  await page.type("uname -m\n");
  await page.untilShown("riscv64");
  await page.type("poweroff -f\n");
  await page.untilStatus("powered off");
  deepEqual(page.errors, []);
  rmSync(folder, { recursive: true });
});
