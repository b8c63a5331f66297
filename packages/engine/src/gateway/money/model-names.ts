import type { Provider } from "@cloister/core";

/** A name to look a model up by, among the models of a provider of the price table; of any, where it names none. */
export type ModelName = { readonly provider?: string; readonly name: string };

/** Longer names are nobody's: what comes in a request is not searched for without end. */
export const MAX_NAME_LENGTH = 200;

const PROVIDER_IDS: Readonly<Record<Provider, string>> = { anthropic: "anthropic", openai: "openai", gemini: "google" };

/** The provider's id in the price table. */
export function toProviderId(provider: Provider): string {
  return PROVIDER_IDS[provider];
}

/**
 * The names that a model may be listed by, the likeliest first. Agents write `claude-opus-5-5[1m]`, `anthropic/claude-opus-5-5`,
 * `models/gemini-2.5-flash` and dates at the end. A prefix names the provider: `other/claude-opus-5-5` is no model of Anthropic's.
 */
export function modelNames(model: string, provider?: Provider): readonly ModelName[] {
  if (model.length > MAX_NAME_LENGTH) return [];
  const bare = model
    .trim()
    .replace(/\[[^\]]*\]$/, "")
    .replace(/^models\//, "");
  const undated = bare.replace(/(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2}|-latest)$/, "");
  return [...new Set([bare, undated])].filter((name) => name !== "").flatMap((name) => placesOf(name, provider));
}

function placesOf(name: string, provider: Provider | undefined): readonly ModelName[] {
  const slash = name.indexOf("/");
  const elsewhere = slash < 0 ? { name } : { provider: name.slice(0, slash), name: name.slice(slash + 1) };
  return provider === undefined ? [elsewhere] : [{ provider: toProviderId(provider), name }, elsewhere];
}
