/** A gateway between raw clients of every wire and a scripted model server. */
import type { Budget, RequestEvent, Wire } from "@cloister/core";
import { assertNever, createSpendBook } from "@cloister/core";
import { type ModelServer, parseScript, startModelServer } from "@cloister/testkit";
import { createGateway, type Gateway, type GatewayOptions } from "../../src/gateway/create-gateway.ts";
import { openVault } from "../../src/gateway/credentials/index.ts";
import { DEFAULT_GATEWAY_POLICY, type GatewayPolicy } from "../../src/gateway/policy.ts";

/** What stands for the user's real keys. */
export const SECRETS = {
  ANTHROPIC_API_KEY: "real-anthropic-key-0123456789",
  OPENAI_API_KEY: "real-openai-key-0123456789",
  GEMINI_API_KEY: "real-gemini-key-0123456789",
};

export type Settled = Extract<RequestEvent, { type: "request_settled" }>;

/** A gateway under test. */
export type TestGateway = AsyncDisposable & {
  readonly gateway: Gateway;
  readonly token: string;
  readonly events: readonly RequestEvent[];
  settled(): readonly Settled[];
};

export type TestOptions = Partial<Pick<GatewayOptions, "patience" | "recorder" | "observers">> & {
  readonly policy?: Partial<GatewayPolicy>;
  readonly budgets?: () => readonly Budget[];
  /** Given to the gateway besides the addresses and keys. */
  readonly env?: Readonly<Record<string, string>>;
};

export const IDENTITY = { run: "run", task: "task", iteration: 1 };

/** Starts a gateway whose providers are all at `upstream`. */
export async function startTestGateway(upstream: string, options: TestOptions = {}): Promise<TestGateway> {
  const { policy: changes, budgets = () => [], env: more, ...rest } = options;
  const policy = { ...DEFAULT_GATEWAY_POLICY, ...changes };
  const env = {
    ...SECRETS,
    ANTHROPIC_BASE_URL: upstream,
    OPENAI_BASE_URL: `${upstream}/v1`,
    GOOGLE_GEMINI_BASE_URL: upstream,
    ...more,
  };
  const sources = (["anthropic", "openai", "gemini"] as const).map((provider) => ({
    provider,
    kind: provider === "openai" ? ("bearer" as const) : ("api_key" as const),
    from: { type: "env" as const, name: `${provider.toUpperCase()}_API_KEY` },
  }));
  const vault = openVault(sources, env);
  const events: RequestEvent[] = [];
  const gateway = await createGateway({
    policy,
    env,
    vault,
    book: createSpendBook(policy.budgets.warnAt),
    budgetsOf: budgets,
    write: (written) => void events.push(...written),
    onFailure: (error) => {
      throw error;
    },
    ...rest,
  });
  const { token } = gateway.admit(IDENTITY);
  return {
    gateway,
    token,
    events,
    settled: () => events.filter((event) => event.type === "request_settled"),
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

/** A scripted model that answers every prompt with a word. */
export async function startModel(
  script = "conversations:\n  - turns: []\n    final: good day\n",
): Promise<ModelServer> {
  return await startModelServer({ script: parseScript(script) });
}

const SCHEMA = { type: "object", properties: { command: { type: "string" } } };

type AskOptions = { readonly prompt?: string; readonly stream?: boolean; readonly model?: string };
type Asked = { readonly path: string; readonly headers: Record<string, string>; readonly body: object };

/** A request of each wire, as its agents send it: with a shell among its tools. */
export function ask(
  wire: Wire,
  token: string,
  { prompt = "hello", stream = true, model = MODELS[wire] }: AskOptions = {},
): Asked {
  const user = { role: "user", content: prompt };
  switch (wire) {
    case "anthropic":
      return {
        path: "/v1/messages?beta=true",
        headers: { "x-api-key": token, "anthropic-version": "2023-06-01" },
        body: { model, stream, max_tokens: 1000, messages: [user], tools: [{ name: "bash", input_schema: SCHEMA }] },
      };
    case "openai_responses":
      return {
        path: "/v1/responses",
        headers: { authorization: `Bearer ${token}` },
        body: {
          model,
          stream,
          input: [{ type: "message", ...user }],
          tools: [{ type: "function", name: "shell", parameters: SCHEMA }],
        },
      };
    case "openai_chat":
      return {
        path: "/v1/chat/completions",
        headers: { authorization: `Bearer ${token}` },
        body: {
          model,
          stream,
          ...(stream ? { stream_options: { include_usage: true } } : {}),
          messages: [user],
          tools: [{ type: "function", function: { name: "shell", parameters: SCHEMA } }],
        },
      };
    case "gemini":
      return {
        path: `/v1beta/models/${model}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
        headers: { "x-goog-api-key": token },
        body: {
          contents: [{ role: "user", parts: [{ text: prompt }] }],
          tools: [{ functionDeclarations: [{ name: "run_shell_command", parameters: SCHEMA }] }],
        },
      };
    default:
      return assertNever(wire, "wire");
  }
}

const MODELS: Readonly<Record<Wire, string>> = {
  anthropic: "claude-opus-5-5",
  openai_responses: "gpt-5.5",
  openai_chat: "gpt-5.5",
  gemini: "gemini-2.5-flash",
};

/** Sends a request. */
export function post(url: string, { path, headers, body }: Asked, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}
