import { CloisterError, PROVIDERS, type Provider } from "@cloister/core";
import type { GatewayPolicy } from "../policy.ts";
import type { Upstream } from "../port.ts";
import { BASE_URL_FORM, toBaseUrl } from "./base-url.ts";
import { BASE_URL_VARIABLES } from "./variables.ts";

const PUBLIC_ADDRESSES: Readonly<Record<Provider, string>> = {
  anthropic: "https://api.anthropic.com",
  openai: "https://api.openai.com/v1",
  gemini: "https://generativelanguage.googleapis.com",
};

/**
 * Where each provider's requests go: the environment's address first, then the policy's in their order. The public one only where
 * there is neither: who names an address does not want their credentials elsewhere.
 * @throws CloisterError `config_invalid` for a variable that holds no address.
 */
export function findUpstreams(
  env: Readonly<Record<string, string | undefined>>,
  policy: Pick<GatewayPolicy, "upstreams">,
): readonly Upstream[] {
  return PROVIDERS.flatMap((provider) => {
    const named = policy.upstreams.filter((upstream) => upstream.provider === provider);
    const addresses = [...fromEnvironment(env, BASE_URL_VARIABLES[provider]), ...named.map(({ baseUrl }) => baseUrl)];
    const chosen = addresses.length === 0 ? [PUBLIC_ADDRESSES[provider]] : [...new Set(addresses)];
    return chosen.map((baseUrl, index) => ({ name: nameOf(provider, index), provider, baseUrl }));
  });
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>, name: string): string[] {
  const text = env[name]?.trim() ?? "";
  if (text === "") return [];
  const address = toBaseUrl(text);
  if (address !== undefined) return [address];
  const message = `expected ${BASE_URL_FORM} in ${name}, found something else.`;
  throw new CloisterError({ code: "config_invalid", message, remedy: "Change or unset it." });
}

function nameOf(provider: Provider, index: number): string {
  if (index === 0) return provider;
  return index === 1 ? `${provider}-fallback` : `${provider}-fallback-${index}`;
}
