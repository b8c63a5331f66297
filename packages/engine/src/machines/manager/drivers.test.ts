import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createQemuDriver } from "../qemu/index.ts";
import { architectureOf, hostArchitecture } from "../qemu/architecture.ts";
import { createDrivers } from "./drivers.ts";

/** Stands before QEMU on PATH: the first time that it is asked for anything, it takes longer than any probe waits. */
const SLOW_AT_FIRST = (program: string): string => `#!/bin/sh
if mkdir "$0.asked" 2>/dev/null; then exec sleep 60; fi
exec ${program} "$@"
`;

test("a driver whose first probe comes too late is tried again by who wants a machine, and is usable from then on", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-drivers-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const { program } = architectureOf(hostArchitecture());
  const real = execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, program), SLOW_AT_FIRST(real), { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const places = { machines: join(folder, "machines"), templates: join(folder, "templates") };
  const drivers = createDrivers({ qemu: async () => createQemuDriver({ env, places }) }, env);
  const [first] = await drivers.views();
  assert.equal(first?.usable, false, "the first answer came too late");
  assert.equal((await drivers.usable("qemu")).name, "qemu");
  const [again] = await drivers.views();
  assert.equal(again?.usable, true);
});
