/** Keeps credentials out of the environments of agents, and out of this process's own. */
import type { CredentialSource } from "../policy.ts";
import { ADDRESS_VARIABLES, SECRET_VARIABLES } from "./variables.ts";

/**
 * The environment of an agent behind the gateway: without the credentials of model providers, and without what would send it past the
 * gateway. Other credentials (of clouds, of git) stay: they are the work's own.
 * @param sources variables that the user's configuration names go, too.
 */
export function withoutCredentials(
  env: Readonly<Record<string, string>>,
  sources: readonly CredentialSource[] = [],
): Record<string, string> {
  const hidden = new Set([...secretNames(sources), ...ADDRESS_VARIABLES]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name)));
}

/**
 * Removes credentials from this process's environment, and the environment from its crash reports. To be called once the vault has
 * them. What the kernel keeps of the environment that a process was started with can't be changed.
 */
export function hideCredentialsFromProcess(sources: readonly CredentialSource[] = []): void {
  for (const name of secretNames(sources)) delete process.env[name];
  // A report's copy of the environment is taken when it is written; other variables may hold secrets under names unknown here.
  process.report.excludeEnv = true;
}

function secretNames(sources: readonly CredentialSource[]): readonly string[] {
  return [...SECRET_VARIABLES, ...sources.flatMap(({ from }) => (from.type === "env" ? [from.name] : []))];
}
