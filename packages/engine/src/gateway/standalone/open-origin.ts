import { CloisterError, PROVIDERS, type Provider } from "@cloister/core";
import { findCassettes, startReplayServer } from "../cassette/index.ts";
import { findCredentialSources, hideCredentialsFromProcess, openVault, type Vault } from "../credentials/index.ts";
import { describeSource } from "../credentials/secret.ts";
import type { CredentialSource, GatewayPolicy } from "../policy.ts";
import { redirectVariables } from "../redirect.ts";

/** A credential that was found, as people are told of it. */
export type FoundCredential = {
  readonly label: string;
  readonly provider: Provider;
  /** `the variable ANTHROPIC_API_KEY`, `the file …`. Never the secret. */
  readonly from: string;
};

/** Where a gateway's answers come from. */
export type Origin = {
  readonly policy: GatewayPolicy;
  readonly env: Readonly<Record<string, string>>;
  readonly vault: Vault;
  readonly found: readonly FoundCredential[];
};

/** What an origin is chosen by. */
export type OriginOptions = {
  readonly policy: GatewayPolicy;
  /** The caller's environment: upstreams, and credentials. They are removed from this process's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute path of a folder with cassettes to play in place of the providers. */
  readonly replay?: string;
};

/**
 * Opens the user's providers, or the cassettes that stand for them.
 * @param stack takes what must be closed after the gateway.
 * @throws CloisterError `credential_invalid` where there is no credential; `usage_invalid` where there is no cassette.
 */
export async function openOrigin({ policy, env, replay }: OriginOptions, stack: AsyncDisposableStack): Promise<Origin> {
  const sources = findCredentialSources(env, policy);
  const vault = stack.adopt(openVault(sources, env), (opened) => opened.close());
  hideCredentialsFromProcess(sources);
  if (replay !== undefined) return openReplay({ policy, env, replay, redact: (text) => vault.redact(text) }, stack);
  if (sources.length === 0) throw noCredential();
  const found = PROVIDERS.flatMap((provider) => describeSources(provider, sources, vault));
  return { policy, env, vault, found };
}

type Replay = Required<OriginOptions> & { readonly redact: (text: string) => string };

/** Cassettes are played for every provider, and nobody else is asked: neither upstreams nor credentials of the user's are there. */
async function openReplay({ policy, env, replay, redact }: Replay, stack: AsyncDisposableStack): Promise<Origin> {
  const server = stack.use(await startReplayServer({ cassettes: await listCassettes(replay), redact }));
  const variables = redirectVariables(PROVIDERS, { url: server.url, token: "cassette" });
  const alone = { ...policy, credentials: [], upstreams: [] };
  const vault = stack.adopt(openVault(findCredentialSources(variables, alone), variables), (opened) => opened.close());
  const found = PROVIDERS.map((provider) => ({ label: `${provider}-1`, provider, from: "cassettes" }));
  return { policy: alone, env: { ...env, ...variables }, vault, found };
}

async function listCassettes(folder: string): Promise<readonly string[]> {
  const remedy = "Name a folder that was given to --record.";
  try {
    const cassettes = await findCassettes(folder);
    if (cassettes.length > 0) return cassettes;
  } catch (cause: unknown) {
    const message = `The cassettes can't be read: ${(cause as Error).message}.`;
    throw new CloisterError({ code: "usage_invalid", message, remedy, cause });
  }
  throw new CloisterError({ code: "usage_invalid", message: `Expected cassettes in ${folder}, found none.`, remedy });
}

/** The vault numbers the credentials of a provider in the order of their sources. */
function describeSources(
  provider: Provider,
  sources: readonly CredentialSource[],
  vault: Vault,
): readonly FoundCredential[] {
  const own = sources.filter((source) => source.provider === provider);
  return vault.credentials(provider).flatMap(({ label }, index) => {
    const source = own[index];
    return source === undefined ? [] : [{ label, provider, from: describeSource(source) }];
  });
}

function noCredential(): CloisterError {
  return new CloisterError({
    code: "credential_invalid",
    message: "Expected a credential of a model provider, found none.",
    remedy:
      "Set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY (any value will do for a server that asks for none), " +
      "or name one under gateway.credentials in your own configuration.",
  });
}
