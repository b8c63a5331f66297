import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { readRecord, removeRecord, writeRecord } from "./record.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-record-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const schema = z.object({ name: z.string() });

test("a record is read as it was written, and nothing else is left in the folder", () => {
  assert.equal(readRecord(folder, "a.json", schema), undefined);
  writeRecord(folder, "a.json", { name: "one" });
  writeRecord(folder, "a.json", { name: "two" });
  assert.deepEqual(readRecord(folder, "a.json", schema), { name: "two" });
  assert.deepEqual(readdirSync(folder), ["a.json"]);
  removeRecord(folder, "a.json");
  removeRecord(folder, "a.json");
  assert.equal(readRecord(folder, "a.json", schema), undefined);
});

for (const text of ["", "{", '{"name":1}']) {
  test(`a record that holds ${JSON.stringify(text)} says where it is and what to do`, () => {
    writeFileSync(join(folder, "b.json"), text);
    assert.throws(() => readRecord(folder, "b.json", schema), {
      code: "machine_failed",
      file: join(folder, "b.json"),
      remedy: "Remove the machine and make it again.",
    });
  });
}
