import type { Finding } from "@cloister/core";
import { addedLines, type FileGuard } from "./change.ts";
import { isTestFile } from "./languages.ts";

/** Credentials that are recognised by their own form, so that a hit is hardly ever something else. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  ["an AWS access key", /\b((?:AKIA|ASIA)[0-9A-Z]{16})\b/],
  ["a GitHub token", /\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/],
  ["an Anthropic key", /\b(sk-ant-[A-Za-z0-9_-]{24,200})/],
  [
    "an OpenAI key",
    /\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9]{20,64}T3BlbkFJ[A-Za-z0-9_-]{20,100}|sk-proj-[A-Za-z0-9_-]{40,200})/,
  ],
  ["a Slack token", /\b(xox[abprs]-[0-9A-Za-z-]{20,200})/],
  ["a Google key", /\b(AIza[0-9A-Za-z_-]{35})\b/],
  ["a Stripe key", /\b([sr]k_live_[0-9A-Za-z]{24,100})\b/],
];
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY(?: BLOCK)?-----/;
const PLACEHOLDER = /example|placeholder|redacted|dummy|fake|xxxx|1234567890|abcdef/i;
/** Keys are random: text with fewer bits a character is somebody's placeholder. */
const MIN_ENTROPY = 3;

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
  const found = SECRETS.find(([, pattern]) => isRandom(pattern.exec(text)?.[1]));
  return found?.[0];
}

function isRandom(secret: string | undefined): boolean {
  return secret !== undefined && !PLACEHOLDER.test(secret) && entropyOf(secret) >= MIN_ENTROPY;
}

/** Shannon entropy of `text`, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
