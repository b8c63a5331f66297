import { CloisterError, type SecretRule } from "@cloister/core";

/** The rules with their values, which the caller's environment has. @throws CloisterError `credential_invalid` where one is missing. */
export function readSecrets(
  rules: readonly SecretRule[],
  env: Readonly<Record<string, string>>,
): readonly (SecretRule & { readonly value: string })[] {
  return rules.map((rule) => {
    const value = env[rule.variable];
    if (value !== undefined && value !== "") return { ...rule, value };
    throw new CloisterError({
      code: "credential_invalid",
      message: `Expected the secret ${rule.variable} in the environment, for ${rule.host}:${rule.port}; it is not set.`,
      remedy: `Set ${rule.variable}, or take the secret out of the machine's policy.`,
    });
  });
}
