import assert from "node:assert/strict";
import { test } from "node:test";
import { displayWidth } from "./plain-text.ts";
import { renderTable } from "./table.ts";

const COLUMNS = [{ title: "NAME" }, { title: "COUNT", align: "right" }, { title: "NOTE" }] as const;

test("columns are aligned by what the terminal shows", () => {
  const lines = renderTable(COLUMNS, [
    ["日本", "7", "wide"],
    ["\u001B[32mok\u001B[39m", "1234567", ""],
  ]);
  assert.deepEqual(lines, ["NAME    COUNT  NOTE", "日本        7  wide", "\u001B[32mok\u001B[39m    1234567"]);
});

test("only the last column is cut to the terminal's width", () => {
  const lines = renderTable(COLUMNS, [["a-long-name", "1", "a note that does not fit into the line"]], 40);
  assert.deepEqual(lines[1], "a-long-name      1  a note that does no…");
  assert.ok(lines.every((line) => displayWidth(line) <= 40));
});

test("missing cells are empty", () => {
  assert.deepEqual(renderTable(COLUMNS, [["only"]]), ["NAME  COUNT  NOTE", "only"]);
});
