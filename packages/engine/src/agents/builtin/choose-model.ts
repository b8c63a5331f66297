import type { Provider as GatewayProvider } from "@cloister/core";
import {
  BASE_URL_VARIABLES,
  CREDENTIAL_VARIABLES,
  type CredentialVariable,
} from "../../gateway/credentials/variables.ts";

/** The wire formats that the builtin agent speaks, by the provider's name in `provider/model`. */
export type ProviderName = "anthropic" | "openai" | "google" | "openai-compatible";

/** Which model to call, and how. Holds a secret: never printed. */
export type ModelChoice = {
  readonly provider: ProviderName;
  readonly model: string;
  /** Empty where the endpoint wants none. */
  readonly apiKey: string;
  /** True: `apiKey` goes into the `Authorization` header, where the provider also knows a header of its own. */
  readonly bearer: boolean;
  /** As the provider's package wants it, with the version in its path. Undefined: the provider's own. */
  readonly baseUrl?: string;
};

/** Why no model could be chosen, and what to do. */
export type ModelProblem = { readonly problem: string };

type Provider = {
  /** Variables that hold a key for it. */
  readonly keys: readonly CredentialVariable[];
  readonly baseUrl: string;
  /** What the variable leaves out and the package wants. */
  readonly suffix: string;
  readonly model?: string;
  /** True: it is whatever answers at the endpoint, which may want no key. */
  readonly isEndpoint?: true;
};

const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  anthropic: {
    keys: keysOf("anthropic"),
    baseUrl: BASE_URL_VARIABLES.anthropic,
    suffix: "/v1",
    model: "claude-opus-5-5",
  },
  openai: { keys: keysOf("openai"), baseUrl: BASE_URL_VARIABLES.openai, suffix: "", model: "gpt-6.1-sol" },
  google: {
    keys: keysOf("gemini"),
    baseUrl: BASE_URL_VARIABLES.gemini,
    suffix: "/v1beta",
    model: "gemini-3.8-flash",
  },
  "openai-compatible": {
    keys: keysOf("openai"),
    baseUrl: BASE_URL_VARIABLES.openai,
    suffix: "",
    isEndpoint: true,
  },
};

/** Tokens of subscriptions are for the provider's own agent. */
function keysOf(provider: GatewayProvider): readonly CredentialVariable[] {
  return CREDENTIAL_VARIABLES.filter((variable) => variable.provider === provider && variable.kind !== "oauth");
}

/** The variable that names the model, as `provider/model` or as a model of the provider whose key is set. */
export const MODEL_VARIABLE = "CLOISTER_BUILTIN_MODEL";
/** The variables that hold keys: kept from the commands that the model runs. */
export const KEY_VARIABLES: readonly string[] = [
  ...new Set(Object.values(PROVIDERS).flatMap(({ keys }) => keys.map(({ name }) => name))),
];

type Environment = Readonly<Record<string, string | undefined>>;

/** Chooses the model from `requested`, else {@link MODEL_VARIABLE}, else the first provider whose key is set. Pure. */
export function chooseModel(env: Environment, requested?: string): ModelChoice | ModelProblem {
  const wanted = requested ?? nonEmpty(env[MODEL_VARIABLE]);
  const named = wanted === undefined ? undefined : splitName(wanted);
  const provider = named?.provider ?? guessProvider(env);
  if (provider === undefined) {
    return { problem: `No key of a model provider is set. Set one of ${KEY_VARIABLES.join(", ")}.` };
  }
  const model = nonEmpty(named?.model ?? PROVIDERS[provider].model);
  if (model === undefined) return { problem: `Name a model: ${provider}/MODEL in ${MODEL_VARIABLE}.` };
  const access = findAccess(env, provider);
  return "problem" in access ? access : { provider, model, ...access };
}

type Access = Pick<ModelChoice, "apiKey" | "bearer" | "baseUrl">;

/** Key and endpoint of `provider`. */
function findAccess(env: Environment, provider: ProviderName): Access | ModelProblem {
  const { keys, baseUrl, suffix, isEndpoint = false } = PROVIDERS[provider];
  const key = keys.find(({ name }) => nonEmpty(env[name]) !== undefined);
  if (key === undefined && !isEndpoint)
    return { problem: `${provider} needs a key. Set ${keys.map(({ name }) => name).join(" or ")}.` };
  const base = nonEmpty(env[baseUrl]);
  if (base === undefined && isEndpoint) return { problem: `${provider} needs an endpoint. Set ${baseUrl}.` };
  const apiKey = key === undefined ? "" : (env[key.name] ?? "");
  // OpenAI knows no other header.
  const access = { apiKey, bearer: key?.kind === "bearer" && provider === "anthropic" };
  return base === undefined ? access : { ...access, baseUrl: withSuffix(base, suffix) };
}

/** `provider/model`; a first part that names no provider belongs to the model's own name. */
function splitName(name: string): { provider?: ProviderName; model: string } {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  return Object.hasOwn(PROVIDERS, first)
    ? { provider: first as ProviderName, model: name.slice(slash + 1) }
    : { model: name };
}

function guessProvider(env: Environment): ProviderName | undefined {
  const names = Object.keys(PROVIDERS) as ProviderName[];
  return names.find((name) => PROVIDERS[name].keys.some((key) => nonEmpty(env[key.name]) !== undefined));
}

function withSuffix(base: string, suffix: string): string {
  const trimmed = base.replace(/\/+$/, "");
  return trimmed.endsWith(suffix) ? trimmed : trimmed + suffix;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}
