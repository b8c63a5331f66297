import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { DEFAULT_GUARD_POLICY, DEFAULT_LOOP_POLICY, DEFAULT_MACHINE_LIMITS, fromUsd } from "@cloister/core";
import { DEFAULT_GATEWAY_POLICY } from "../gateway/policy.ts";
import { CONFIG_KEYS } from "./config-keys.ts";
import {
  describeConfig,
  describeConfigKeys,
  loadConfig,
  toLoopPolicy,
  type ConfigFlags,
  type LoadedConfig,
} from "./index.ts";

let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-config-"));
  mkdirSync(join(folder, "home/.config/cloister"), { recursive: true });
  mkdirSync(join(folder, "repository"));
  env = {};
});
afterEach(() => rmSync(folder, { recursive: true }));

const writeUser = (text: string): void => writeFileSync(join(folder, "home/.config/cloister/config.yaml"), text);
const writeRepository = (text: string): void => writeFileSync(join(folder, "repository/cloister.yaml"), text);
const load = (flags: ConfigFlags = {}): LoadedConfig =>
  loadConfig({ repository: join(folder, "repository"), home: join(folder, "home"), env, flags });

describe("without any configuration", () => {
  test("every setting has its default, or is left open", () => {
    const { values, origins } = load();
    deepEqual(values, {
      agent: "auto",
      gates: undefined,
      setup: undefined,
      protect: [],
      guards: DEFAULT_GUARD_POLICY,
      phases: ["implement"],
      limits: { maxIterations: 50, iterationTimeoutMs: 3_600_000, idleTimeoutMs: 900_000 },
      flagLimits: {},
      retry: {
        crash: DEFAULT_LOOP_POLICY.retry.crash,
        overloaded: DEFAULT_LOOP_POLICY.retry.overloaded,
        rate_limit: DEFAULT_LOOP_POLICY.retry.rate_limit,
        network: DEFAULT_LOOP_POLICY.retry.network,
      },
      breaker: DEFAULT_LOOP_POLICY.breaker,
      stall: DEFAULT_LOOP_POLICY.stall,
      carry: [
        { path: ".env*", how: "copy" },
        { path: "node_modules", how: "rebuild" },
      ],
      inPlace: false,
      branchPrefix: "cloister/",
      prompt: { learningsBytes: 4000, diffBytes: 8000, failureBytes: 4000, extra: "" },
      gateway: DEFAULT_GATEWAY_POLICY,
      machine: {
        driver: "host",
        ...DEFAULT_MACHINE_LIMITS,
        allowHosts: [],
        secrets: [],
        mounts: [],
        copyCredentials: false,
      },
    });
    ok(Object.values(origins).every(({ layer }) => layer === "default"));
    const open = CONFIG_KEYS.map(({ name }) => name).filter((name) => origins[name] === undefined);
    deepEqual(open, [
      "agentCommand",
      "model",
      "gates",
      "setup",
      "limits.maxRuntime",
      "limits.maxCost",
      "limits.maxTokens",
      ...["iteration", "task", "run", "day", "month"].flatMap((scope) => [
        `gateway.budgets.${scope}.maxCost`,
        `gateway.budgets.${scope}.maxTokens`,
      ]),
      "machine.image",
      "machine.perMachine",
    ]);
  });

  test("the loop's policy is the loop's own default", () => {
    deepEqual(toLoopPolicy(load().values), DEFAULT_LOOP_POLICY);
  });
});

test("flags win over the environment, it over the repository's file, that over the user's, and that over defaults", () => {
  writeUser(
    "model: user\nagent: codex\nlimits: { maxIterations: 1, maxTokens: 1, maxCost: 1, maxRuntime: 1 }\nbranchPrefix: u/",
  );
  writeRepository("# mine\nmodel: repository\nagent: gemini\nlimits:\n  maxTokens: 2\n  maxCost: 2\n  maxRuntime: 2s");
  env = { CLOISTER_MODEL: "environment", CLOISTER_LIMITS_MAX_COST: "$3", CLOISTER_LIMITS_MAX_RUNTIME: "3m" };
  const loaded = load({ model: "flag", limits: { maxRuntimeMs: 4000 } });
  equal(loaded.values.model, "flag");
  equal(loaded.values.agent, "gemini");
  equal(loaded.values.branchPrefix, "u/");
  deepEqual(loaded.values.limits, {
    maxIterations: 1,
    maxTokens: 2,
    maxCost: fromUsd(3),
    maxRuntimeMs: 4000,
    iterationTimeoutMs: 3_600_000,
    idleTimeoutMs: 900_000,
  });
  deepEqual(loaded.values.flagLimits, { maxCost: fromUsd(3), maxRuntimeMs: 4000 });

  const rows = new Map(describeConfig(loaded).map(({ key, value, from }) => [key, `${value} ← ${from}`]));
  equal(rows.get("model"), "flag ← flag");
  equal(rows.get("agent"), "gemini ← cloister.yaml:3");
  equal(rows.get("limits.maxTokens"), "2 ← cloister.yaml:5");
  equal(rows.get("limits.maxCost"), "$3 ← CLOISTER_LIMITS_MAX_COST");
  equal(rows.get("limits.maxRuntime"), "4000 ← flag");
  match(rows.get("branchPrefix") ?? "", /^u\/ ← .*home\/\.config\/cloister\/config\.yaml:4$/);
  equal(rows.get("limits.idleTimeout"), "15m ← default");
  equal(rows.get("agentCommand"), " ← not set");
});

test("the user's file is looked for below XDG_CONFIG_HOME, where that is an absolute path", () => {
  mkdirSync(join(folder, "xdg/cloister"), { recursive: true });
  writeFileSync(join(folder, "xdg/cloister/config.yaml"), "model: xdg");
  writeUser("model: home");
  equal(load().values.model, "home");
  env = { XDG_CONFIG_HOME: "xdg" };
  equal(load().values.model, "home");
  env = { XDG_CONFIG_HOME: join(folder, "xdg") };
  equal(load().values.model, "xdg");
});

test("lists and maps of gates are replaced as a whole, everything else setting by setting", () => {
  writeUser("gates: { a: x }\nprotect: [a]\nguards: { test_flaky: off }\nretry: { crash: { attempts: 1 } }");
  writeRepository("gates: { b: y }\nprotect: [b]\nguards: { secret_added: warn }\nretry: { crash: { delay: 1s } }");
  const { values } = load();
  deepEqual(values.gates, [{ name: "b", command: "y" }]);
  deepEqual(values.protect, ["b"]);
  deepEqual(values.guards, { ...DEFAULT_GUARD_POLICY, test_flaky: "off", secret_added: "warn" });
  deepEqual(values.retry.crash, { attempts: 1, delayMs: 1000, maxDelayMs: DEFAULT_LOOP_POLICY.retry.crash.maxDelayMs });
});

describe("a variable of the environment", () => {
  const cases: readonly (readonly [string, string, (loaded: LoadedConfig) => unknown, unknown])[] = [
    ["CLOISTER_AGENT_COMMAND", "run: [it]", ({ values }) => values.agentCommand, "run: [it]"],
    ["CLOISTER_MODEL", "4", ({ values }) => values.model, "4"],
    ["CLOISTER_IN_PLACE", "true", ({ values }) => values.inPlace, true],
    ["CLOISTER_LIMITS_MAX_ITERATIONS", "7", ({ values }) => values.limits.maxIterations, 7],
    ["CLOISTER_LIMITS_IDLE_TIMEOUT", "90", ({ values }) => values.limits.idleTimeoutMs, 90_000],
    ["CLOISTER_GATES", "{ t: npm test }", ({ values }) => values.gates, [{ name: "t", command: "npm test" }]],
    ["CLOISTER_PROTECT", "[a/**, b]", ({ values }) => values.protect, ["a/**", "b"]],
    ["CLOISTER_SETUP", "npm ci", ({ values }) => values.setup, ["npm ci"]],
    ["CLOISTER_AGENT", "", ({ values }) => values.agent, "auto"],
  ];
  for (const [name, value, pick, expected] of cases) {
    test(`${name}=${value} is read`, () => {
      env = { [name]: value };
      deepEqual(pick(load()), expected);
    });
  }

  const broken: readonly (readonly [string, string, RegExp])[] = [
    ["CLOISTER_LIMITS_MAX_COST", "lots", /^CLOISTER_LIMITS_MAX_COST: expected US dollars .*found "lots"/],
    ["CLOISTER_LIMITS_MAX_ITERATIONS", "many", /expected a whole number from 1 on, found "many"/],
    ["CLOISTER_GATES", "{ t: ", /expected gates/],
    ["CLOISTER_MAX_COST", "3", /expected CLOISTER_LIMITS_MAX_COST, found CLOISTER_MAX_COST/],
    ["CLOISTER_AGNET", "claude", /expected CLOISTER_AGENT, found/],
  ];
  for (const [name, value, message] of broken) {
    test(`${name}=${value} is refused`, () => {
      env = { [name]: value };
      throws(load, { code: "config_invalid", message });
    });
  }

  test("that Cloister sets for its own processes, or that belongs to something else, is left alone", () => {
    env = { CLOISTER_GATE: "tests", CLOISTER_DEBUG: "1", CLOISTER_PROCESS_MARKER: "x", AGENT: "y" };
    equal(load().values.agent, "auto");
  });
});

describe("a file is refused, with file and line, that has", () => {
  const cases: readonly (readonly [string, string, number, RegExp])[] = [
    ["an unknown key", "agent: claude\nlimit: {}", 2, /limit: unknown key\. .*Did you mean `limits`\?/],
    ["an unknown key inside", "limits:\n  maxIteration: 3", 2, /limits\.maxIteration: unknown key\. .*`maxIterations`/],
    ["an unknown agent", "\nagent: cloude", 2, /expected auto, claude, .*did you mean `claude`\?/],
    ["a bad duration", "retry:\n  crash:\n    delay: soon", 3, /retry\.crash\.delay: expected a duration/],
    [
      "an unknown way to carry",
      "carry:\n  - path: a\n    how: move",
      3,
      /carry\.0\.how: expected copy, link, rebuild, none/,
    ],
    ["a branch prefix that is no name", "branchPrefix: ../x", 1, /expected the beginning of a branch's name/],
    ["a list at the top", "- a", 1, /expected keys with values/],
    ["a key twice", "model: a\nmodel: b", 2, /expected each key once, found `model` twice/],
    ["a NUL character", "model: a\n\0", 2, /NUL/],
    ["an alias", "model: &a b\nagentCommand: *a", 2, /found an alias/],
  ];
  for (const [why, text, line, message] of cases) {
    test(why, () => {
      writeRepository(text);
      throws(load, { code: "config_invalid", file: "cloister.yaml", line, message });
    });
  }

  test("the wrong kind: a folder", () => {
    mkdirSync(join(folder, "repository/cloister.yaml"));
    throws(load, { code: "config_invalid", file: "cloister.yaml", message: /found a folder/ });
  });
});

test("an empty file says nothing", () => {
  writeRepository("# nothing yet\n");
  equal(load().values.agent, "auto");
});

describe("docs/configuration.md", () => {
  const page = readFileSync(new URL("../../../../docs/configuration.md", import.meta.url), "utf8");

  test("has the table that the schema gives now", () => {
    const table = /<!-- settings -->\n([\s\S]*)\n<!-- end of settings -->/.exec(page)?.[1];
    equal(table, describeConfigKeys(), "run node scripts/generate-configuration.ts");
    deepEqual(
      CONFIG_KEYS.filter(({ description }) => description === ""),
      [],
    );
  });

  test("has an example that is read", () => {
    writeRepository(/<!-- example: cloister.yaml -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "nothing: found");
    const { values } = load();
    deepEqual([values.agent, values.limits.maxCost, values.gates?.length], ["claude", fromUsd(20), 2]);
    deepEqual([values.retry.rate_limit.attempts, values.retry.rate_limit.maxDelayMs], [10, 3_600_000]);
  });
});
