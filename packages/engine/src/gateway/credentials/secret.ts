/** What a secret may look like, and what it becomes in a request. */
import { assertNever, CloisterError, type Provider } from "@cloister/core";
import type { CredentialSource } from "../policy.ts";

/** Longer ones would not pass as a header at most servers. */
const MAX_SECRET_LENGTH = 8192;
/** Without it Anthropic refuses tokens of a subscription. */
const OAUTH_BETA = "oauth-2025-04-20";

/** A source as people call it. Never the command of a helper, which may hold a secret. */
export function describeSource({ provider, from }: CredentialSource): string {
  switch (from.type) {
    case "env":
      return `the variable ${from.name}`;
    case "file":
      return `the file ${from.path}${from.field === undefined ? "" : ` (field ${from.field})`}`;
    case "helper":
      return `the helper command for ${provider}`;
    case "keyring":
      return `the keyring's entry ${from.service} of ${from.account}`;
    default:
      return assertNever(from, "describeSource");
  }
}

/** The error for a source that gives no credential. It has no cause: what an error below holds may be the secret. */
export function credentialError(source: CredentialSource, found: string, remedy: string): CloisterError {
  const message = `expected a credential for ${source.provider} from ${describeSource(source)}, found ${found}.`;
  return new CloisterError({ code: "credential_invalid", message, remedy });
}

/**
 * The secret in what a source gave, without the white space around it.
 * @throws CloisterError `credential_invalid` where it is not one line of visible ASCII: it would break out of its header.
 */
export function parseSecret(text: string, source: CredentialSource): string {
  const secret = text.trim();
  const fault = findFault(secret);
  if (fault === undefined) return secret;
  throw credentialError(source, fault, "Put the bare key or token there, on one line.");
}

function findFault(secret: string): string | undefined {
  if (secret === "") return "nothing";
  if (secret.length > MAX_SECRET_LENGTH) return `more than ${MAX_SECRET_LENGTH} characters`;
  if (/[\r\n]/.test(secret)) return "more than one line";
  const at = secret.search(/[^\x21-\x7e]/);
  return at === -1 ? undefined : `something else than visible ASCII at character ${at + 1}`;
}

/** The headers that authenticate a request with a secret; names in lower case. */
export function toHeaders({ provider, kind }: CredentialSource, secret: string): Readonly<Record<string, string>> {
  if (kind === "api_key" && provider !== "openai") return { [KEY_HEADERS[provider]]: secret };
  const isSubscription = kind === "oauth" && provider === "anthropic";
  return { authorization: `Bearer ${secret}`, ...(isSubscription ? { "anthropic-beta": OAUTH_BETA } : {}) };
}

const KEY_HEADERS: Readonly<Record<Exclude<Provider, "openai">, string>> = {
  anthropic: "x-api-key",
  gemini: "x-goog-api-key",
};
