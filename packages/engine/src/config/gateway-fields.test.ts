import { deepEqual, equal, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fromUsd } from "@cloister/core";
import { DEFAULT_GATEWAY_POLICY, type GatewayPolicy } from "../gateway/policy.ts";
import { loadConfig, type ConfigFlags } from "./index.ts";

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-gateway-config-"));
  mkdirSync(join(folder, "cloister"));
  env = { XDG_CONFIG_HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true }));

const writeUser = (text: string): void => writeFileSync(join(folder, "cloister/config.yaml"), text);
const load = (flags: ConfigFlags = {}): GatewayPolicy =>
  loadConfig({ repository: folder, home: folder, env, flags }).values.gateway;

test("every part of the gateway can be configured, in units for people", () => {
  writeUser(`
gateway:
  use: always
  budgets:
    iteration: { maxCost: 0.5, maxTokens: 500k }
    day: { maxCost: $20 }
    month: { maxTokens: 1.5M }
    warnAt: 0.5
  unpriced: refuse
  prices: { some-model: { input: 3, output: 15, cacheRead: 0.3, contextWindow: 200k } }
  credentials:
    - { provider: anthropic, from: { env: TEAM_KEY } }
    - { provider: anthropic, kind: oauth, from: { file: ~/login.json, field: a.b } }
    - { provider: openai, kind: bearer, from: { helper: "vault read key" } }
    - { provider: openai, from: { helper: "vault read other", refresh: 90s } }
    - { provider: gemini, from: { keyring: models, account: team } }
  upstreams: [{ provider: openai, baseUrl: "https://models.example.com/v1/" }]
  fallback: { some-model: other-model }
  concurrency: 4
  endpoints: refuse
  safety: { secrets: redact, hiddenUnicode: refuse }
  record: false
  contextWarnAt: 0.6
  contextAction: end
`);
  deepEqual(load(), {
    use: "always",
    budgets: {
      limits: {
        iteration: { maxCost: fromUsd(0.5), maxTokens: 500_000 },
        day: { maxCost: fromUsd(20) },
        month: { maxTokens: 1_500_000 },
      },
      warnAt: 0.5,
    },
    unpriced: "refuse",
    prices: { "some-model": { input: 3, output: 15, cacheRead: 0.3, contextWindow: 200_000 } },
    credentials: [
      { provider: "anthropic", kind: "api_key", from: { type: "env", name: "TEAM_KEY" } },
      { provider: "anthropic", kind: "oauth", from: { type: "file", path: "~/login.json", field: "a.b" } },
      { provider: "openai", kind: "bearer", from: { type: "helper", command: "vault read key", refreshMs: 300_000 } },
      { provider: "openai", kind: "api_key", from: { type: "helper", command: "vault read other", refreshMs: 90_000 } },
      { provider: "gemini", kind: "api_key", from: { type: "keyring", service: "models", account: "team" } },
    ],
    upstreams: [{ provider: "openai", baseUrl: "https://models.example.com/v1" }],
    fallback: { "some-model": "other-model" },
    concurrency: 4,
    endpoints: "refuse",
    safety: { ...DEFAULT_GATEWAY_POLICY.safety, secrets: "redact", hiddenUnicode: "refuse" },
    record: false,
    contextWarnAt: 0.6,
    contextAction: "end",
  } satisfies GatewayPolicy);
});

test("CLOISTER_GATEWAY and the flag say whether it is used, and leave the rest as it is", () => {
  writeUser("gateway: { use: always, concurrency: 3 }");
  env["CLOISTER_GATEWAY"] = "auto";
  deepEqual(load(), { ...DEFAULT_GATEWAY_POLICY, use: "auto", concurrency: 3 });
  deepEqual(load({ gateway: { use: "never" } }), { ...DEFAULT_GATEWAY_POLICY, use: "never", concurrency: 3 });
  equal(loadConfig({ repository: folder, home: folder, env }).origins["gateway.use"]?.place, "CLOISTER_GATEWAY");
});

test("a single budget can be set by its variable", () => {
  writeUser("gateway: { budgets: { run: { maxTokens: 7 } } }");
  env["CLOISTER_GATEWAY_BUDGETS_RUN_MAX_COST"] = "$2.50";
  deepEqual(load().budgets, { limits: { run: { maxCost: fromUsd(2.5), maxTokens: 7 } }, warnAt: 0.8 });
});

describe("the repository's file must not say", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["where credentials come from", "credentials: [{ provider: openai, from: { helper: id } }]"],
    ["where requests with the user's credentials go", "upstreams: [{ provider: openai, baseUrl: https://e.example }]"],
  ];
  for (const [what, text] of cases) {
    test(what, () => {
      writeFileSync(join(folder, "cloister.yaml"), `gateway:\n  use: auto\n  ${text}\n`);
      throws(load, { code: "config_invalid", file: "cloister.yaml", line: 3, message: /the user's own configuration/ });
    });
  }
});

describe("docs/gateway.md", () => {
  const page = readFileSync(new URL("../../../../docs/gateway.md", import.meta.url), "utf8");
  const example = (name: string): string =>
    new RegExp(`<!-- example: ${name} -->\n\`\`\`yaml\n([^]*?)\`\`\``).exec(page)?.[1] ?? "nothing: found";

  test("has an example of credentials that is read", () => {
    writeUser(example("credentials"));
    deepEqual(
      load().credentials.map(({ from }) => from.type),
      ["env", "file", "helper", "keyring"],
    );
  });

  test("has an example of settings that is read", () => {
    writeUser(example("gateway"));
    const { budgets, prices, upstreams } = load();
    deepEqual(budgets.limits.run, { maxCost: fromUsd(25), maxTokens: 50_000_000 });
    deepEqual([Object.keys(prices), upstreams.length], [["our-own-model"], 1]);
  });
});

describe("refused is", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["an unknown key", "gateway: { budget: {} }", /gateway\.budget: unknown key\. .*Did you mean `budgets`/],
    ["tokens without a number", "gateway: { budgets: { run: { maxTokens: M } } }", /expected a number of tokens/],
    ["half a token", "gateway: { budgets: { run: { maxTokens: 0.5 } } }", /expected a number of tokens/],
    ["more tokens than a number holds", "gateway: { budgets: { run: { maxTokens: 99999999999M } } }", /of tokens/],
    ["a budget of nothing", "gateway: { budgets: { run: { maxCost: 0 } } }", /expected US dollars/],
    ["a warning above the whole", "gateway: { budgets: { warnAt: 80 } }", /above 0 and at most 1/],
    ["a negative price", "gateway: { prices: { m: { input: -1, output: 1 } } }", /expected US dollars per million/],
    ["a price without output", "gateway: { prices: { m: { input: 1 } } }", /prices\.m\.output: expected US dollars/],
    ["an action that cannot be", "gateway: { safety: { injection: redact } }", /expected off, report, refuse/],
    ["no concurrency at all", "gateway: { concurrency: 0 }", /from 1 on/],
    ["too much concurrency", "gateway: { concurrency: 5000 }", /expected 1000 at most/],
    ["an address of another kind", upstream("ftp://models.example.com"), /expected an address such as/],
    ["an address with a password", upstream("https://user:pw@models.example.com"), /without user/],
    ["a secret from nowhere", credential("{}"), /from: expected one of env, file, helper, keyring/],
    ["a secret from two places", credential("{ env: A, file: /b }"), /expected one of env, file, helper, keyring/],
    ["a companion of another place", credential("{ env: A, field: b }"), /expected no field beside env/],
    ["a keyring without account", credential("{ keyring: a }"), /expected account beside keyring/],
    ["a variable's name that is none", credential('{ env: "A B" }'), /expected a variable's name/],
    ["a path from wherever Cloister runs", credential("{ file: key.txt }"), /expected a path from \/ or ~\//],
  ];
  for (const [what, text, message] of cases) {
    test(what, () => {
      writeUser(text);
      throws(load, { code: "config_invalid", message });
    });
  }

  test("a credential of an unknown provider", () => {
    writeUser("gateway: { credentials: [{ provider: openia, from: { env: A } }] }");
    throws(load, { code: "config_invalid", message: /did you mean `openai`/ });
  });
});

function upstream(baseUrl: string): string {
  return `gateway: { upstreams: [{ provider: openai, baseUrl: "${baseUrl}" }] }`;
}

function credential(from: string): string {
  return `gateway: { credentials: [{ provider: openai, from: ${from} }] }`;
}
