import { createFinder } from "./create-finder.ts";
import type { Detector } from "./finding.ts";
import { isRandom } from "./randomness.ts";

/** A form of key: its rule, what people call it, and its pattern. */
type KeyFormat = readonly [rule: string, name: string, pattern: RegExp];

/**
 * Keys that are recognised by their own form, so that a hit is hardly ever something else; here, because secretlint has no rule for
 * them or a narrower one. Where both know a provider, the rules have secretlint's names, so that a key that both find has one name.
 */
export const KEY_FORMATS: readonly KeyFormat[] = [
  ["anthropic", "an Anthropic key", /\b(?<value>sk-ant-[A-Za-z0-9_-]{20,200})/dg],
  ["openai", "an OpenAI key", /\b(?<value>sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,300})/dg],
  ["openai", "an OpenAI key", /\b(?<value>sk-[A-Za-z0-9]{40,64})(?![\w-])/dg],
  ["openrouter", "an OpenRouter key", /\b(?<value>sk-or-(?:v1-)?[A-Za-z0-9]{32,100})/dg],
  ["aws", "an AWS access key", /\b(?<value>(?:AKIA|ASIA)[0-9A-Z]{16})\b/dg],
  ["google", "a Google key", /\b(?<value>AIza[0-9A-Za-z_-]{35})(?![\w-])/dg],
  ["google", "a Google key", /\b(?<value>GOCSPX-[0-9A-Za-z_-]{28})(?![\w-])/dg],
  ["google", "a Google key", /\b(?<value>ya29\.[0-9A-Za-z_-]{40,500})/dg],
  ["github", "a GitHub token", /\b(?<value>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/dg],
  ["slack", "a Slack token", /\b(?<value>xox[abeoprs]-[0-9A-Za-z-]{20,200})/dg],
  ["stripe", "a Stripe key", /\b(?<value>[sr]k_live_[0-9A-Za-z]{20,100})\b/dg],
  ["xai", "an xAI key", /\b(?<value>xai-[0-9A-Za-z]{60,120})\b/dg],
];

/** In all of them, and in few other texts. Written like the signs of secretlint's rules. */
const ANY_KEY =
  /-(?<=\b(?:sk|xox[abeoprs]|xai|GOCSPX)-)|_(?<=\b(?:gh[pousr]|github_pat|[sr]k)_)|I(?<=\bA[KS]?I)|\.(?<=\bya29\.)/;
/** Bits a character that a key has at least. */
export const MIN_ENTROPY = 3;

const FINDERS = KEY_FORMATS.map(([rule, name, pattern]) => ({
  name,
  find: createFinder(rule, pattern, (value) => isRandom(value, MIN_ENTROPY)),
}));

/** Finds keys of known providers. */
export const findKeys: Detector = (text) => (ANY_KEY.test(text) ? FINDERS.flatMap(({ find }) => find(text)) : []);

/** What people call the first key of a known provider in `text`; undefined where there is none. */
export function nameKeyIn(text: string): string | undefined {
  return ANY_KEY.test(text) ? FINDERS.find(({ find }) => find(text).length > 0)?.name : undefined;
}
