import { deepEqual, equal } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { writeCpio } from "./cpio.ts";

const TIME = 1_735_689_600;

test("cpio reads what was written, and equal entries give equal bytes", () => {
  const entries = [
    { path: "bin", mode: 0o40755 },
    { path: "bin/tool", mode: 0o100755, content: Buffer.from("#!/bin/sh\n") },
    { path: "bin/link", mode: 0o120777, content: Buffer.from("tool") },
    { path: "console", mode: 0o20600, device: [5, 1] as const },
    { path: "odd", mode: 0o100644, content: Buffer.from("12345") },
  ];
  const archive = writeCpio(entries, TIME);
  equal(archive.length % 4, 0);
  deepEqual(writeCpio(entries, TIME), archive);
  const listed = execFileSync("cpio", ["--list", "--verbose", "--numeric-uid-gid", "--quiet"], {
    input: archive,
    env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
  });
  const lines = listed
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).join(" "));
  deepEqual(lines, [
    "drwxr-xr-x 1 0 0 0 Jan 1 2025 bin",
    "-rwxr-xr-x 1 0 0 10 Jan 1 2025 bin/tool",
    "lrwxrwxrwx 1 0 0 4 Jan 1 2025 bin/link -> tool",
    "crw------- 1 0 0 5, 1 Jan 1 2025 console",
    "-rw-r--r-- 1 0 0 5 Jan 1 2025 odd",
  ]);
});
