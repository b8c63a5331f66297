import { deepEqual, doesNotMatch, equal, match, ok, rejects } from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { inspect } from "node:util";
import { CloisterError } from "@cloister/core";
import type { CredentialSource } from "../policy.ts";
import type { Credential } from "../port.ts";
import { openVault } from "./index.ts";

const SECRET = "sk-ant-Very+Secret/Value==";
let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloister-vault-"));
  env = { PATH: process.env["PATH"] ?? "", HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const source = (from: CredentialSource["from"], kind: CredentialSource["kind"] = "api_key"): CredentialSource => ({
  provider: "anthropic",
  kind,
  from,
});
const fromEnv: CredentialSource = source({ type: "env", name: "KEY" });
const helper = (command: string, refreshMs = 60_000): CredentialSource =>
  source({ type: "helper", command, refreshMs });
const only = (given: CredentialSource, now?: () => number): Credential => {
  const [credential] = openVault([given], env, now).credentials(given.provider);
  ok(credential);
  return credential;
};
const failure = async (given: CredentialSource, now?: () => number): Promise<CloisterError> => {
  const error: unknown = await only(given, now)
    .headers()
    .catch((thrown: unknown) => thrown);
  ok(error instanceof CloisterError);
  equal(error.code, "credential_invalid");
  return error;
};

describe("a credential becomes the header that its provider wants", () => {
  const cases: readonly (readonly [CredentialSource["provider"], CredentialSource["kind"], Record<string, string>])[] =
    [
      ["anthropic", "api_key", { "x-api-key": SECRET }],
      ["anthropic", "bearer", { authorization: `Bearer ${SECRET}` }],
      ["anthropic", "oauth", { authorization: `Bearer ${SECRET}`, "anthropic-beta": "oauth-2025-04-20" }],
      ["openai", "api_key", { authorization: `Bearer ${SECRET}` }],
      ["openai", "oauth", { authorization: `Bearer ${SECRET}` }],
      ["gemini", "api_key", { "x-goog-api-key": SECRET }],
      ["gemini", "bearer", { authorization: `Bearer ${SECRET}` }],
    ];
  for (const [provider, kind, expected] of cases) {
    test(`${provider}, ${kind}`, async () => {
      env["KEY"] = SECRET;
      deepEqual(await only({ ...fromEnv, provider, kind }).headers(), expected);
    });
  }
});

test("credentials are labelled by provider, in their order", () => {
  const vault = openVault([fromEnv, { ...fromEnv, provider: "openai" }, source({ type: "env", name: "B" })], env);
  const labels = (provider: CredentialSource["provider"]): string[] =>
    vault.credentials(provider).map(({ label }) => label);
  deepEqual(labels("anthropic"), ["anthropic-1", "anthropic-2"]);
  deepEqual(labels("openai"), ["openai-1"]);
  deepEqual(labels("gemini"), []);
});

test("a secret of the environment is taken at once, so that it can be removed there", async () => {
  env["KEY"] = ` ${SECRET}\n`;
  const credential = only(fromEnv);
  delete env["KEY"];
  deepEqual(await credential.headers(), { "x-api-key": SECRET });
});

describe("a secret is read", () => {
  test("from a file, from the home folder on, without the line feed at its end", async () => {
    write("key.txt", `${SECRET}\n`);
    deepEqual(await only(source({ type: "file", path: "~/key.txt" })).headers(), { "x-api-key": SECRET });
  });

  test("from a field of a JSON file", async () => {
    const path = write("login.json", JSON.stringify({ a: { b: SECRET } }));
    deepEqual(await only(source({ type: "file", path, field: "a.b" })).headers(), { "x-api-key": SECRET });
  });

  test("from a helper command, with the caller's environment", async () => {
    env["PART"] = "Secret";
    deepEqual(await only(helper('echo "My$PART"')).headers(), { "x-api-key": "MySecret" });
  });

  // The system's keyring needs a session of a desktop: a program in its place tells what it was asked for.
  test("from the keyring's program", { skip: process.platform !== "linux" && "secret-tool is Linux's" }, async () => {
    const program = write("secret-tool", '#!/bin/sh\nprintf "%s" "$*" | tr " " _\n');
    chmodSync(program, 0o755);
    env["PATH"] = `${folder}:${env["PATH"]}`;
    const keyring = source({ type: "keyring", service: "models", account: "team" });
    deepEqual(await only(keyring).headers(), { "x-api-key": "lookup_service_models_account_team" });
  });
});

describe("a helper is asked", () => {
  const counting = 'echo x >> "$HOME/count"; echo "key-$(wc -l < "$HOME/count" | tr -d " ")"';
  const asked = (): number => readFileSync(join(folder, "count"), "utf8").length / 2;

  test("once, by requests that come together and later", async () => {
    const credential = only(helper(counting));
    await Promise.all([credential.headers(), credential.headers(), credential.headers()]);
    await credential.headers();
    equal(asked(), 1);
  });

  test("again after its time, once for all that wait", async () => {
    let now = 0;
    const credential = only(helper(counting, 1000), () => now);
    await credential.headers();
    now = 999;
    deepEqual(await credential.headers(), { "x-api-key": "key-1" });
    now = 1000;
    const headers = await Promise.all([credential.headers(), credential.headers()]);
    deepEqual(headers, [{ "x-api-key": "key-2" }, { "x-api-key": "key-2" }]);
    equal(asked(), 2);
  });

  test("again after a refresh of its label, and not of another", async () => {
    const vault = openVault([helper(counting), helper("echo other")], env);
    const [credential] = vault.credentials("anthropic");
    await credential?.headers();
    vault.refresh("anthropic-2");
    deepEqual(await credential?.headers(), { "x-api-key": "key-1" });
    vault.refresh("anthropic-1");
    deepEqual(await credential?.headers(), { "x-api-key": "key-2" });
  });

  test("again after a failure", async () => {
    const credential = only(helper('test -e "$HOME/there" && echo works'));
    await rejects(credential.headers(), { code: "credential_invalid" });
    write("there", "");
    deepEqual(await credential.headers(), { "x-api-key": "works" });
  });
});

test("a login that has expired says how to renew it, and is read anew once that is done", async () => {
  const login = (expiresAt: number): string =>
    write(".credentials.json", JSON.stringify({ claudeAiOauth: { accessToken: SECRET, expiresAt } }));
  const path = login(1000);
  const expiry = { field: "claudeAiOauth.expiresAt", remedy: "Run `claude` once." };
  const from: CredentialSource["from"] = { type: "file", path, field: "claudeAiOauth.accessToken", expiry };
  let now = 999;
  const credential = only(source(from, "oauth"), () => now);
  equal((await credential.headers())["authorization"], `Bearer ${SECRET}`);
  now = 1000;
  await rejects(credential.headers(), { code: "credential_invalid", message: /expired/, remedy: /Run `claude` once/ });
  login(5000);
  equal((await credential.headers())["authorization"], `Bearer ${SECRET}`);
});

describe("a typed error names the source and never the value:", () => {
  const hostile: readonly (readonly [string, string, RegExp])[] = [
    ["a line break, which would begin another header", `${SECRET}\r\nx-evil: 1`, /more than one line/],
    ["a control character", `${SECRET}\u0001`, /visible ASCII at character 27/],
    ["a space", `Bearer ${SECRET}`, /visible ASCII at character 7/],
    ["another script", `${SECRET}é`, /visible ASCII/],
    ["more than a header holds", `${SECRET}${"x".repeat(9000)}`, /more than 8192 characters/],
  ];
  for (const [what, value, message] of hostile) {
    for (const kind of ["env", "file"] as const) {
      test(`${what}, from ${kind}`, async () => {
        env["KEY"] = value;
        const path = write("key", value);
        const error = await failure(kind === "env" ? fromEnv : source({ type: "file", path }));
        match(error.message, message);
        match(error.message, kind === "env" ? /the variable KEY/ : /the file .*key/);
        doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /Very/);
      });
    }
  }

  test("an unset variable", async () => {
    match((await failure(fromEnv)).message, /expected a credential for anthropic from the variable KEY, found nothing/);
  });

  const files: readonly (readonly [string, string | undefined])[] = [
    ["a file that is not there", undefined],
    ["a file that is no JSON", `{ "a": ${SECRET} }`],
    ["a file without the field", JSON.stringify({ b: SECRET })],
    ["a field that is no text", JSON.stringify({ a: { c: SECRET } })],
    ["a file that is far too large", JSON.stringify({ a: SECRET, b: "x".repeat(300_000) })],
  ];
  for (const [what, text] of files) {
    test(what, async () => {
      const path = text === undefined ? join(folder, "none") : write("file.json", text);
      const error = await failure(source({ type: "file", path, field: "a" }));
      match(error.message, /the file .* \(field a\)/);
      doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /Very/);
    });
  }

  test("a folder in place of a file", async () => {
    match((await failure(source({ type: "file", path: folder }))).message, /no small file there/);
  });

  const commands: readonly (readonly [string, string, RegExp])[] = [
    ["a helper that fails", `echo ${SECRET}; echo ${SECRET} >&2; exit 3`, /it failed \(exit code 3\)/],
    ["a helper that says nothing", `true # ${SECRET}`, /found nothing/],
    ["a helper that says too much", `yes ${SECRET}`, /more than 16384 bytes/],
    ["a helper that says two lines", `echo ${SECRET}; echo ${SECRET}`, /more than one line/],
  ];
  for (const [what, command, message] of commands) {
    test(what, async () => {
      const error = await failure(helper(command));
      match(error.message, message);
      match(error.message, /the helper command for anthropic/);
      doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /Very/);
    });
  }

  test("a keyring whose program is missing", { skip: process.platform !== "linux" && "Linux's" }, async () => {
    env["PATH"] = folder;
    const error = await failure(source({ type: "keyring", service: "models", account: "team" }));
    match(error.message, /the keyring's entry models of team, found no program `secret-tool`/);
    match(error.remedy ?? "", /libsecret-tools/);
  });
});

test("neither inspection nor JSON nor a copy of a vault and its credentials shows a secret", async () => {
  env["KEY"] = SECRET;
  const vault = openVault([fromEnv, helper(`echo ${SECRET}`)], env);
  const credentials = vault.credentials("anthropic");
  for (const credential of credentials) await credential.headers();
  for (const value of [vault, ...credentials, { nested: credentials }]) {
    const shown = [
      inspect(value, { depth: Infinity, showHidden: true, getters: true }),
      JSON.stringify(value),
      JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(value))),
      inspect({ ...value }, { depth: Infinity, showHidden: true }),
    ];
    doesNotMatch(shown.join("\n"), /Very/);
  }
  equal(JSON.stringify(credentials[0]), '{"label":"anthropic-1","provider":"anthropic"}');
});

describe("a text is redacted", () => {
  const shown: readonly (readonly [string, string, string])[] = [
    ["of a secret, wherever it stands", `a ${SECRET}b${SECRET}`, "a [credential anthropic-1]b[credential anthropic-1]"],
    ["of one as URLs write it", `?key=${encodeURIComponent(SECRET)}&x`, "?key=[credential anthropic-1]&x"],
    [
      "of one that goes on where another ends",
      `${SECRET}2 ${SECRET}`,
      "[credential anthropic-2] [credential anthropic-1]",
    ],
    ["of nothing else", "sk-ant-Very", "sk-ant-Very"],
  ];
  for (const [what, text, expected] of shown) {
    test(what, () => {
      Object.assign(env, { KEY: SECRET, OTHER: `${SECRET}2` });
      equal(openVault([fromEnv, source({ type: "env", name: "OTHER" })], env).redact(text), expected);
    });
  }

  test("of one as JSON writes it, and of characters that mean something in patterns", () => {
    env["KEY"] = String.raw`a"b\c$&.*(`;
    const vault = openVault([fromEnv], env);
    equal(vault.redact(JSON.stringify({ key: env["KEY"] })), '{"key":"[credential anthropic-1]"}');
    equal(vault.redact("a'b.c"), "a'b.c");
  });

  test("of a secret that was renewed since, which may still be under way", async () => {
    const vault = openVault([helper('echo x >> "$HOME/n"; echo "renewed-$(wc -l < "$HOME/n" | tr -d " ")"')], env);
    await vault.credentials("anthropic")[0]?.headers();
    vault.refresh("anthropic-1");
    await vault.credentials("anthropic")[0]?.headers();
    equal(vault.redact("renewed-1 renewed-2"), "[credential anthropic-1] [credential anthropic-1]");
  });
});

test("a closed vault holds nothing and gives nothing, not even what was asked for before", async () => {
  env["KEY"] = SECRET;
  const vault = openVault([fromEnv, helper("echo late")], env);
  const [first, second] = vault.credentials("anthropic");
  await first?.headers();
  const late = second?.headers();
  vault.close();
  await rejects(async () => late, { code: "credential_invalid" });
  await rejects(async () => first?.headers(), { code: "credential_invalid", message: /the gateway is closed/ });
  equal(vault.redact(`${SECRET} late`), `${SECRET} late`);
});
