import assert from "node:assert/strict";
import { test } from "node:test";
import { createObjectNotes } from "./object-notes.ts";

test("an object has the note that it was given last, and no other object has it", () => {
  const notes = createObjectNotes<string>();
  const subjects: readonly object[] = [{}, [], { a: 1 }, [1, 2], new Map()];
  for (const [index, subject] of subjects.entries()) {
    assert.equal(notes.get(subject), undefined);
    notes.set(subject, `first ${index}`);
    notes.set(subject, `note ${index}`);
  }
  for (const [index, subject] of subjects.entries()) assert.equal(notes.get(subject), `note ${index}`);
  assert.equal(notes.get({ a: 1 }), undefined);
});

test("notes of one kind are not those of another", () => {
  const [some, others] = [createObjectNotes<number>(), createObjectNotes<number>()];
  const subject = {};
  some.set(subject, 1);
  assert.equal(others.get(subject), undefined);
  others.set(subject, 2);
  assert.deepEqual([some.get(subject), others.get(subject)], [1, 2]);
});

test("nothing else of an object shows a note, and no copy has it", () => {
  const notes = createObjectNotes<string>();
  const [subject, list] = [{ a: 1 }, [1]];
  notes.set(subject, "note");
  notes.set(list, "note");
  assert.deepEqual(Reflect.ownKeys(subject), ["a"]);
  assert.equal(JSON.stringify([subject, list]), '[{"a":1},[1]]');
  for (const copy of [{ ...subject }, structuredClone(subject), [...list]]) assert.equal(notes.get(copy), undefined);
});
