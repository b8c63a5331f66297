import assert from "node:assert/strict";
import { test } from "node:test";
import { truncate } from "../src/truncate.js";

test("short text stays as it is", () => assert.equal(truncate("abc", 5), "abc"));
test("long text is cut, and the mark counts", () => assert.equal(truncate("abcdefgh", 5), "abcd…"));
