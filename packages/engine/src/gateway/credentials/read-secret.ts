import { assertNever } from "@cloister/core";
import { amountAt, textAt } from "../../agents/json-value.ts";
import type { CredentialSource } from "../policy.ts";
import { fromHome, parseJsonText, readSmallFile } from "./read-file.ts";
import { runForSecret, type SecretProgram } from "./run-for-secret.ts";
import { credentialError, parseSecret } from "./secret.ts";

/** A secret, and when it is to be asked for anew (ms since the epoch; left out: it lasts). */
export type Reading = { readonly secret: string; readonly staleAt?: number };

type Environment = Readonly<Record<string, string>>;
type From<Type extends CredentialSource["from"]["type"]> = Extract<CredentialSource["from"], { readonly type: Type }>;

/**
 * Asks a source for its secret.
 * @param now ms since the epoch.
 * @throws CloisterError `credential_invalid`, which names the source and never what it gave.
 */
export async function readSecret(source: CredentialSource, env: Environment, now: number): Promise<Reading> {
  const { from } = source;
  switch (from.type) {
    case "env":
      return { secret: parseSecret(env[from.name] ?? "", source) };
    case "file":
      return readFromFile(source, from, { env, now });
    case "helper": {
      const output = await ask(source, { shell: from.command, env });
      return { secret: parseSecret(output, source), staleAt: now + from.refreshMs };
    }
    case "keyring":
      return { secret: parseSecret(await ask(source, keyringProgram(source, from, env)), source) };
    default:
      return assertNever(from, "readSecret");
  }
}

function readFromFile(
  source: CredentialSource,
  { path, field, expiry }: From<"file">,
  { env, now }: { readonly env: Environment; readonly now: number },
): Reading {
  const text = readSmallFile(fromHome(path, env));
  if (text === undefined) throw credentialError(source, "no small file there that can be read", "Check the path.");
  if (field === undefined) return { secret: parseSecret(text, source) };
  const document = parseJsonText(text);
  const value = textAt(document, ...field.split("."));
  if (value === undefined) throw credentialError(source, "no text there", "Check the file and the field.");
  const staleAt = expiry === undefined ? undefined : amountAt(document, ...expiry.field.split("."));
  if (expiry !== undefined && staleAt !== undefined && staleAt <= now)
    throw credentialError(source, "one that has expired", expiry.remedy);
  return { secret: parseSecret(value, source), ...(staleAt === undefined ? {} : { staleAt }) };
}

async function ask(source: CredentialSource, program: SecretProgram): Promise<string> {
  const answer = await runForSecret(program);
  if ("output" in answer) return answer.output;
  const isTool = program.file !== undefined;
  throw credentialError(
    source,
    answer.isMissing && isTool ? `no program \`${program.file}\`` : answer.fault,
    isTool ? KEYRING_REMEDY : "Run the command by hand to see what it says.",
  );
}

const KEYRING_REMEDY =
  "Unlock the keyring and check service and account. On Linux it is asked with `secret-tool` (package libsecret-tools).";

function keyringProgram(
  source: CredentialSource,
  { service, account }: From<"keyring">,
  env: Environment,
): SecretProgram {
  if (process.platform === "linux")
    return { file: "secret-tool", args: ["lookup", "service", service, "account", account], env };
  if (process.platform === "darwin")
    return { file: "security", args: ["find-generic-password", "-s", service, "-a", account, "-w"], env };
  throw credentialError(source, `no keyring known on ${process.platform}`, "Use a variable, a file or a helper.");
}
