import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildDemo } from "../demo/build-demo.ts";
import { type DemoServer, serveDemo } from "../demo/serve-demo.ts";
import { assembleText } from "../src/testing/toolchain.ts";
import { DemoPage, startChromium } from "./demo-page.ts";
import { FLOOD_PROGRAM, HOT_PROGRAM } from "./guest-programs.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-vm-demo-"));
await buildDemo(folder);
writeFileSync(join(folder, "hot"), assembleText(HOT_PROGRAM));
writeFileSync(join(folder, "flood"), assembleText(FLOOD_PROGRAM));
const browser = await startChromium();
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

const serve = (isolated: boolean): Promise<DemoServer> => serveDemo({ folder, port: 0, isolated });

const ways = [
  { mode: "auto", isolated: true, workers: 2, counts: { "Blocks compiled": 1, "Regions compiled": 1 } },
  { mode: "block", isolated: true, workers: 2, counts: { "Blocks compiled": 1 } },
  { mode: "interpreter", isolated: true, workers: 1, counts: {} },
  { mode: "auto", isolated: false, workers: 1, counts: { "Blocks compiled": 1, "Regions compiled": 1 } },
] as const;

for (const { mode, isolated, workers, counts } of ways)
  test(`in a page, a guest computes, prints, reads what is typed and powers off: mode ${mode}, ${isolated ? "shared memory" : "memory of its own"}`, async () => {
    await using server = await serve(isolated);
    const page = await DemoPage.open(browser, `${server.url}?kernel=hot&mode=${mode}&memory=16`);
    await page.untilShown("ready: ");
    for (const [name, least] of Object.entries(counts)) await page.untilCounted(name, least);
    await page.untilCounted("Million instructions", 5);
    await page.untilCounted("MIPS", 1);
    equal(page.workers, workers);
    if (mode === "interpreter") equal(await page.count("Blocks compiled"), 0);
    await page.type("x");
    await page.untilShown("ready: x");
    await page.untilStatus("powered off");
    deepEqual(page.errors, []);
    await page.close();
  });

test("a snapshot is gone back to, and a new page goes on from its file", async () => {
  await using server = await serve(true);
  const page = await DemoPage.open(browser, `${server.url}?kernel=hot&memory=16`);
  await page.untilShown("ready: ");
  await page.press("Snapshot");
  const file = join(folder, "saved");
  await page.downloadTo(file);
  await page.type("x");
  await page.untilStatus("powered off");
  await page.press("Restore");
  await page.press("Run");
  await page.type("y");
  await page.untilShown("ready: xy");
  await page.untilStatus("powered off");
  const other = await DemoPage.open(browser, `${server.url}?memory=16`);
  await other.choose("snapshot", file);
  await other.press("Start");
  await other.untilStatus("running");
  await other.type("z");
  await other.untilShown("z");
  await other.untilStatus("powered off");
  deepEqual([...page.errors, ...other.errors], []);
  await Promise.all([page.close(), other.close()]);
});

test("what one page compiled, the next one has from the browser's storage", async () => {
  await using server = await serve(true);
  await using context = await browser.newContext();
  const first = await DemoPage.open(context, `${server.url}?kernel=hot&memory=16`);
  await first.untilCounted("Regions compiled", 1);
  equal(await first.count("Units from the cache"), 0);
  await first.untilCounted("Units in the cache", 1);
  await first.press("Pause");
  await first.untilStatus("paused");
  await first.untilStored();
  const second = await DemoPage.open(context, `${server.url}?kernel=hot&memory=16`);
  await second.untilCounted("Units from the cache", 1);
  await second.untilCounted("Units in the cache", 1);
  await second.untilCounted("Run from the cache, %", 1);
  deepEqual([...first.errors, ...second.errors], []);
});

test("a guest that prints without end is held up, not the page: it is paused, goes on, and is stopped", async () => {
  await using server = await serve(true);
  const page = await DemoPage.open(browser, `${server.url}?kernel=flood&memory=16`);
  await page.untilCounted("Million instructions", 1);
  await page.press("Pause");
  await page.untilStatus("paused");
  const counted = await page.count("Million instructions");
  await page.press("Run");
  await page.untilCounted("Million instructions", counted + 1);
  await page.press("Stop");
  await page.untilStatus("off");
  deepEqual(page.errors, []);
  await page.close();
});

const refused = [
  ["?kernel=hot&memory=4000", "memory of 4000 MiB: expected a whole number from 16 to 3500"],
  ["?kernel=missing", "missing: the server says 404"],
  ["?kernel=https://example.invalid/kernel", "Failed to fetch"],
] as const;

for (const [query, said] of refused)
  test(`what can't be started is said: ${query}`, async () => {
    await using server = await serve(true);
    const page = await DemoPage.open(browser, server.url + query);
    await page.untilStatus(said);
    await page.close();
  });
