import assert from "node:assert/strict";
import { test } from "node:test";
import { capitalise } from "../src/capitalise.js";

test("the first letter becomes upper case", () => assert.equal(capitalise("cloister"), "Cloister"));
test("empty text stays empty", () => assert.equal(capitalise(""), ""));
