/** What the user decides about the gateway: the `gateway` part of the configuration. */
import type { BudgetPolicy, Provider } from "@cloister/core";

/** Where a credential comes from. Environment variables of the caller are found without being named here. */
export type CredentialSource = {
  readonly provider: Provider;
  /** `bearer` and `oauth` go into `authorization`; `oauth` marks a subscription. */
  readonly kind: "api_key" | "bearer" | "oauth";
  readonly from:
    | { readonly type: "env"; readonly name: string }
    /** A text file, or with `field` (`a.b`) a field of a JSON file. `path`: absolute, or from `~/` on. */
    | { readonly type: "file"; readonly path: string; readonly field?: string; readonly expiry?: FileExpiry }
    /** A command whose standard output is the secret; asked again after `refreshMs` and after a 401. */
    | { readonly type: "helper"; readonly command: string; readonly refreshMs: number }
    | { readonly type: "keyring"; readonly service: string; readonly account: string };
};

/** When a secret in a file ends: a field beside it with ms since the epoch, and what to do about it then. */
export type FileExpiry = { readonly field: string; readonly remedy: string };

/** Another address for a provider, tried in order after the first where that one does not answer. */
export type UpstreamSource = { readonly provider: Provider; readonly baseUrl: string };

/** US dollars per million tokens. What is left out: `cacheRead` and `cacheWrite` cost as much as `input`. */
export type PriceOverride = {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly contextWindow?: number;
};

/** What to do about something found in a request. */
export type SafetyAction = "off" | "report" | "redact" | "refuse";

/** The gateway's policy. */
export type GatewayPolicy = {
  /** `auto`: for agents that can be redirected and whose credentials are at hand. `always`: refuse to run others. */
  readonly use: "auto" | "always" | "never";
  readonly budgets: BudgetPolicy;
  readonly unpriced: "refuse" | "dearest";
  /** By model. They win over the list. */
  readonly prices: Readonly<Record<string, PriceOverride>>;
  readonly credentials: readonly CredentialSource[];
  readonly upstreams: readonly UpstreamSource[];
  /** Models to ask instead, once every credential of the first is rejected or overloaded. Same provider. */
  readonly fallback: Readonly<Record<string, string>>;
  /** Requests under way at once, for one credential. */
  readonly concurrency: number;
  /** What becomes of endpoints that the gateway does not know. */
  readonly endpoints: "pass" | "refuse";
  readonly safety: {
    readonly secrets: SafetyAction;
    readonly personalData: SafetyAction;
    readonly hiddenUnicode: Extract<SafetyAction, "off" | "report" | "refuse">;
    readonly injection: Extract<SafetyAction, "off" | "report" | "refuse">;
  };
  /** Keep transcripts of requests and answers with the run. */
  readonly record: boolean;
  /** Share of the model's window above which a request is flagged. */
  readonly contextWarnAt: number;
  /** What becomes of an iteration whose request is flagged so: `end` begins a new one, with a fresh context, before the old one overflows. */
  readonly contextAction: "report" | "end";
};

export const DEFAULT_GATEWAY_POLICY: GatewayPolicy = {
  use: "auto",
  budgets: { limits: {}, warnAt: 0.8 },
  unpriced: "dearest",
  prices: {},
  credentials: [],
  upstreams: [],
  fallback: {},
  concurrency: 16,
  endpoints: "pass",
  safety: { secrets: "report", personalData: "off", hiddenUnicode: "report", injection: "report" },
  record: true,
  contextWarnAt: 0.8,
  contextAction: "report",
};
