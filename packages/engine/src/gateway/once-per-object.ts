import { createObjectNotes } from "./object-notes.ts";

/**
 * `make`, asked once for each object: parts of requests that come again are the same objects. What it made is forgotten with its object.
 * @param make must depend on nothing but its argument, and not give undefined.
 */
export function oncePerObject<Subject extends object, Value extends string | boolean | object>(
  make: (subject: Subject) => Value,
): (subject: Subject) => Value {
  const known = createObjectNotes<Value>();
  return (subject) => {
    const before = known.get(subject);
    if (before !== undefined) return before;
    const value = make(subject);
    known.set(subject, value);
    return value;
  };
}
