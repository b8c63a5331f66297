/** How the configuration says where a credential is. */
import { PROVIDERS } from "@cloister/core";
import { z } from "zod";
import type { CredentialSource } from "../gateway/policy.ts";
import { choice, compact, duration, fields, text } from "./fields.ts";

const KINDS = ["api_key", "bearer", "oauth"] as const satisfies readonly CredentialSource["kind"][];
const MAX_CREDENTIALS = 100;
/** How long a helper's secret is used where nothing else is said. */
const DEFAULT_REFRESH_MS = 300_000;

const variable = text("a variable's name").refine((name) => /^[A-Za-z_]\w{0,199}$/.test(name), {
  error: "expected a variable's name, such as TEAM_KEY",
});
const path = text("a path").refine((written) => /^(?:~\/|\/)[^\0]+$/.test(written), {
  error: "expected a path from / or ~/ on",
});

const written = fields({
  env: variable.optional(),
  file: path.optional(),
  field: text("a field such as login.token").optional(),
  helper: text("a shell command that prints the secret").optional(),
  refresh: duration().optional(),
  keyring: text("the name of a service").optional(),
  account: text("the name of an account").optional(),
});
type Written = z.infer<typeof written>;

const from: z.ZodType<CredentialSource["from"]> = written.transform((source, context) => {
  const found = toFrom(source);
  if (typeof found !== "string") return found;
  context.addIssue({ code: "custom", message: found });
  return z.NEVER;
});

type Way = {
  readonly name: keyof Written;
  /** What may stand beside it. */
  readonly companion?: keyof Written;
  /** What is meant, or else what was expected. */
  readonly read: (source: Written) => CredentialSource["from"] | string;
};

const WAYS: readonly Way[] = [
  { name: "env", read: ({ env = "" }) => ({ type: "env", name: env }) },
  {
    name: "file",
    companion: "field",
    read: ({ file = "", field }) => compact({ type: "file" as const, path: file, field }),
  },
  {
    name: "helper",
    companion: "refresh",
    read: ({ helper = "", refresh = DEFAULT_REFRESH_MS }) => ({
      type: "helper",
      command: helper,
      refreshMs: refresh,
    }),
  },
  {
    name: "keyring",
    companion: "account",
    read: ({ keyring = "", account }) =>
      account === undefined ? "expected account beside keyring" : { type: "keyring", service: keyring, account },
  },
];

function toFrom(source: Written): CredentialSource["from"] | string {
  const given = Object.keys(source);
  const [way, ...others] = WAYS.filter(({ name }) => given.includes(name));
  if (way === undefined || others.length > 0) return `expected one of ${WAYS.map(({ name }) => name).join(", ")}`;
  const stray = given.find((name) => name !== way.name && name !== way.companion);
  return stray === undefined ? way.read(source) : `expected no ${stray} beside ${way.name}`;
}

const credential = fields({ provider: choice(PROVIDERS), kind: choice(KINDS).optional(), from }).transform(
  (source): CredentialSource => ({ ...source, kind: source.kind ?? "api_key" }),
);

/** Credentials besides those of the environment, in the order in which they are used. */
export const credentials: z.ZodType<readonly CredentialSource[]> = z
  .array(credential, { error: "expected a list of credentials, each with provider and from" })
  .max(MAX_CREDENTIALS, { error: `expected ${MAX_CREDENTIALS} credentials at most` });
