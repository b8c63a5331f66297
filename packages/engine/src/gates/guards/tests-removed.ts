import { type Finding, findRemovedTests } from "@cloister/core";
import type { FileChange } from "./change.ts";
import { holdsTests } from "./languages.ts";
import type { SourceText } from "./source-text.ts";

const LISTED = 5;

/** Names of tests in the sources of a change, on both sides. */
export type TestNames = { readonly before: string[]; readonly after: string[] };

/** Adds the tests of one changed file to `names`. */
export function collectTestNames({ path, oldPath, before, after }: FileChange, names: TestNames): void {
  const toNames = (file: string, source: SourceText): string[] => {
    return holdsTests(file, source.text) ? source.tests.map(({ name }) => `${path} > ${name}`) : [];
  };
  names.before.push(...toNames(oldPath ?? path, before));
  names.after.push(...toNames(path, after));
}

/** Tests that are in no source any more: with a file that was deleted, or taken out of one. Moved and renamed ones are not gone. */
export function findRemovedSources({ before, after }: TestNames): Finding[] {
  const removed = findRemovedTests(before, after);
  const files = Map.groupBy(removed, (name) => name.slice(0, name.indexOf(" > ")));
  return [...files].map(([file, tests]) => {
    const names = tests.slice(0, LISTED).map((name) => `"${name.slice(file.length + " > ".length)}"`);
    const more = tests.length > LISTED ? ` and ${tests.length - LISTED} more` : "";
    return { name: "tests_removed", message: `${file} lost tests: ${names.join(", ")}${more}. Put them back.`, file };
  });
}
