import assert from "node:assert/strict";
import { test } from "node:test";
import { slugify } from "../src/slugify.js";

test("words are joined by dashes", () => assert.equal(slugify("Hello, World"), "hello-world"));
test("no dash is left at the ends", () => assert.equal(slugify("  --Hi!-- "), "hi"));
