import assert from "node:assert/strict";
import { test } from "node:test";
import { countWords } from "../src/count-words.js";

test("words are counted", () => assert.equal(countWords("one two three"), 3));
test("several spaces count once", () => assert.equal(countWords("  one   two "), 2));
test("nothing has no words", () => assert.equal(countWords(""), 0));
