import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDriveOption } from "./drive-option.ts";

for (const [text, expected] of [
  ["root.img", { path: "root.img", snapshot: false }],
  ["root.img,format=raw", { path: "root.img", snapshot: false, format: "raw" }],
  ["root.img,snapshot,format=qcow2", { path: "root.img", snapshot: true, format: "qcow2" }],
  ["a,,b,,,snapshot", { path: "a,b,", snapshot: true }],
] as const) {
  test(`"${text}" is a drive`, () => assert.deepEqual(parseDriveOption(text), expected));
}

for (const text of ["", ",snapshot", "root.img,", "root.img,format=vmdk", "root.img,readonly"]) {
  test(`"${text}" is no drive`, () => assert.throws(() => parseDriveOption(text), { code: "option_invalid" }));
}
