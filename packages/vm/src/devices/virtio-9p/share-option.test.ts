import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { parseShareOption } from "./share-option.ts";

for (const [text, expected] of [
  ["work,tag", { path: "work", tag: "tag", readOnly: false }],
  ["work,tag,readonly", { path: "work", tag: "tag", readOnly: true }],
  ["a,,b,c,,d", { path: "a,b", tag: "c,d", readOnly: false }],
] as const)
  test(`${text} is a share`, () => deepEqual(parseShareOption(text), expected));

for (const text of ["", "work", "work,", ",tag", "work,tag,rw", "work,tag,"])
  test(`"${text}" is none`, () => throws(() => parseShareOption(text), { code: "option_invalid" }));
