import { findAll } from "./find-all.ts";
import type { Detector } from "./finding.ts";
import { isRandom } from "./randomness.ts";

/**
 * Keys that are recognised by their own form, where secretlint has no rule or a narrower one. Where both know a provider, the names
 * are secretlint's, so that a key that both find has one name.
 */
const KEY_FORMATS: readonly (readonly [string, RegExp])[] = [
  ["anthropic", /\b(?<value>sk-ant-[A-Za-z0-9_-]{20,200})/dg],
  ["openai", /\b(?<value>sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,300})/dg],
  ["openai", /\b(?<value>sk-[A-Za-z0-9]{40,64})(?![\w-])/dg],
  ["openrouter", /\b(?<value>sk-or-(?:v1-)?[A-Za-z0-9]{32,100})/dg],
  ["aws", /\b(?<value>(?:AKIA|ASIA)[0-9A-Z]{16})\b/dg],
  ["google", /\b(?<value>AIza[0-9A-Za-z_-]{35})(?![\w-])/dg],
  ["google", /\b(?<value>GOCSPX-[0-9A-Za-z_-]{28})(?![\w-])/dg],
  ["google", /\b(?<value>ya29\.[0-9A-Za-z_-]{40,500})/dg],
  ["github", /\b(?<value>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/dg],
  ["slack", /\b(?<value>xox[abeoprs]-[0-9A-Za-z-]{20,200})/dg],
  ["stripe", /\b(?<value>[sr]k_live_[0-9A-Za-z]{20,100})\b/dg],
  ["xai", /\b(?<value>xai-[0-9A-Za-z]{60,120})\b/dg],
];

/** Bits a character that a key has at least. */
const MIN_ENTROPY = 3;

/** Finds keys of known providers. */
export const findKeys: Detector = (text) =>
  KEY_FORMATS.flatMap(([rule, pattern]) => findAll(text, rule, pattern, (value) => isRandom(value, MIN_ENTROPY)));
