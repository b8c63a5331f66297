import type { Finding } from "@cloister/core";
import { nameKeyIn } from "../../gateway/safety/key-formats.ts";
import { addedLines, type FileGuard } from "./change.ts";
import { isTestFile } from "./languages.ts";

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY(?: BLOCK)?-----/;

/** New lines that hold what looks like a credential. Keys in files of tests and fixtures are taken for test keys. */
export const findSecrets: FileGuard = ({ path, before, after }) => {
  const isTest = isTestFile(path) || /(^|\/)(__fixtures__|fixtures|testdata|tests?)\//.test(path);
  return addedLines(before.text, after.text).flatMap(({ line, text }): Finding[] => {
    const kind = toKind(text, isTest);
    if (kind === undefined) return [];
    const message = `${path} holds what looks like ${kind}: take it out, and out of the history, and revoke it.`;
    return [{ name: "secret_added", message, file: path, line }];
  });
};

function toKind(text: string, isTest: boolean): string | undefined {
  if (PRIVATE_KEY.test(text))
    return isTest || /[`"'/].*PRIVATE KEY-----[^\\n]*["'`/]/.test(text) ? undefined : "a private key";
  return nameKeyIn(text);
}
