import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { withoutCredentials } from "./index.ts";
import { ADDRESS_VARIABLES, CREDENTIAL_VARIABLES, SECRET_VARIABLES } from "./variables.ts";

describe("an agent behind the gateway", () => {
  test("gets neither the credentials of models nor what would lead past the gateway", () => {
    const names = [...SECRET_VARIABLES, ...ADDRESS_VARIABLES, "TEAM_KEY"];
    const env = Object.fromEntries(names.map((name) => [name, "x"]));
    const named = { provider: "openai", kind: "bearer", from: { type: "env", name: "TEAM_KEY" } } as const;
    deepEqual(withoutCredentials(env, [named]), {});
  });

  test("keeps everything else, credentials of the work itself among it", () => {
    const env = { PATH: "/bin", AWS_SECRET_ACCESS_KEY: "a", GH_TOKEN: "b", TEAM_KEY: "c", ANTHROPIC_MODEL: "m" };
    deepEqual(withoutCredentials(env), env);
  });

  test("is told of in a table that names each variable once", () => {
    const names = [...SECRET_VARIABLES, ...ADDRESS_VARIABLES];
    equal(new Set(names).size, names.length);
  });
});

describe("a crash report", () => {
  const program = fileURLToPath(new URL("testing/write-report.ts", import.meta.url));
  const secrets = [...SECRET_VARIABLES, "TEAM_KEY"].map(
    (name) => [name, `hidden-${name.toLowerCase()}-value`] as const,
  );
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cloister-crash-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const crash = (hide: "yes" | "no"): { readonly report: Buffer; readonly children: string } => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, HIDE: hide, ...Object.fromEntries(secrets) };
    const children = execFileSync(process.execPath, [program, join(folder, "report.json")], {
      env,
      encoding: "utf8",
      timeout: 60_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { report: readFileSync(join(folder, "report.json")), children };
  };

  test("holds no byte of a credential, nor do programs started afterwards get one", () => {
    const { report, children } = crash("yes");
    match(report.toString("latin1"), /something broke/);
    deepEqual(
      secrets.filter(([, value]) => report.includes(value)),
      [],
    );
    match(children, /^HIDE=yes$/m);
    doesNotMatch(children, /hidden-/);
  });

  test("would hold all of them otherwise", () => {
    const { report, children } = crash("no");
    for (const { name } of CREDENTIAL_VARIABLES) {
      equal(report.includes(`hidden-${name.toLowerCase()}-value`), true);
      match(children, new RegExp(`^${name}=hidden-`, "m"));
    }
  });
});
