import { join } from "node:path";
import type { Provider } from "@cloister/core";
import { textAt } from "../../agents/json-value.ts";
import type { CredentialSource, GatewayPolicy } from "../policy.ts";
import { homeOf, parseJsonText, readSmallFile } from "./read-file.ts";
import { CREDENTIAL_VARIABLES } from "./variables.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type FileSource = CredentialSource & { readonly from: Extract<CredentialSource["from"], { readonly type: "file" }> };

/**
 * Where credentials come from: those that the policy names, then the caller's environment, and for providers with none of these the
 * files in which agents keep their login. A value that stands under two names counts once: it has one rate limit.
 */
export function findCredentialSources(
  env: Environment,
  policy: Pick<GatewayPolicy, "credentials">,
): readonly CredentialSource[] {
  const named = dropRepeated([...policy.credentials, ...fromEnvironment(env)], env);
  const served = new Set<Provider>(named.map(({ provider }) => provider));
  const logins = loginFiles(env).filter((source) => !served.has(source.provider) && holdsText(source));
  return [...named, ...logins];
}

function fromEnvironment(env: Environment): CredentialSource[] {
  return CREDENTIAL_VARIABLES.filter(({ name }) => (env[name]?.trim() ?? "") !== "").map(
    ({ name, provider, kind }) => ({ provider, kind, from: { type: "env", name } }),
  );
}

function dropRepeated(sources: readonly CredentialSource[], env: Environment): CredentialSource[] {
  const seen = new Set<string>();
  return sources.filter(({ provider, from }) => {
    const value = from.type === "env" ? env[from.name]?.trim() : undefined;
    const key = `${provider} ${value ?? JSON.stringify(from)}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/**
 * The logins of Claude Code and Codex. Of Codex's file only an API key counts: its login with ChatGPT is no credential of the API, and
 * works at another address.
 */
function loginFiles(env: Environment): FileSource[] {
  const claude = join(folder(env, "CLAUDE_CONFIG_DIR", ".claude"), ".credentials.json");
  const codex = join(folder(env, "CODEX_HOME", ".codex"), "auth.json");
  const expiry = { field: "claudeAiOauth.expiresAt", remedy: "Run `claude` once: it renews its login." };
  return [
    {
      provider: "anthropic",
      kind: "oauth",
      from: { type: "file", path: claude, field: "claudeAiOauth.accessToken", expiry },
    },
    { provider: "openai", kind: "bearer", from: { type: "file", path: codex, field: "OPENAI_API_KEY" } },
  ];
}

function folder(env: Environment, variable: string, usual: string): string {
  const named = env[variable] ?? "";
  return named === "" ? join(homeOf(env), usual) : named;
}

function holdsText({ from: { path, field = "" } }: FileSource): boolean {
  return textAt(parseJsonText(readSmallFile(path) ?? ""), ...field.split(".")) !== undefined;
}
