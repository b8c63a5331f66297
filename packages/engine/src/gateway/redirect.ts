import { type Provider } from "@cloister/core";
import { BASE_URL_VARIABLES } from "./credentials/variables.ts";

/** The variable in which each provider's agents look for their key. */
const KEY_VARIABLES: Readonly<Record<Provider, string>> = {
  anthropic: "ANTHROPIC_API_KEY",
  openai: "OPENAI_API_KEY",
  gemini: "GEMINI_API_KEY",
};

/** Variables that send an agent's requests to the gateway at `url`, with `token` for a key. */
export function redirectVariables(
  providers: readonly Provider[],
  { url, token }: { readonly url: string; readonly token: string },
): Record<string, string> {
  return Object.fromEntries(
    providers.flatMap((provider) => [
      [BASE_URL_VARIABLES[provider], provider === "openai" ? `${url}/v1` : url],
      [KEY_VARIABLES[provider], token],
    ]),
  );
}
