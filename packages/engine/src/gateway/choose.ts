/** Which agents go behind the gateway. Small: a run asks before it loads the gateway itself. */
import { CloisterError, type Provider } from "@cloister/core";
import type { AgentAdapter } from "../agents/port.ts";
import { findCredentialSources } from "./credentials/find-sources.ts";
import { describeSource } from "./credentials/secret.ts";
import { CLOUD_SWITCHES } from "./credentials/variables.ts";
import type { CredentialSource, GatewayPolicy } from "./policy.ts";

/** What the gateway of a run would be for. */
export type GatewayChoice = {
  /** Every credential that is at hand, of other providers too: an agent behind the gateway gets none of them. */
  readonly sources: readonly CredentialSource[];
  /** Providers that the agent can be sent to. Not empty. */
  readonly providers: readonly Provider[];
};

/** Whose requests, with which credentials. */
export type GatewayQuestion = {
  readonly policy: Pick<GatewayPolicy, "use" | "credentials">;
  readonly agent: Pick<AgentAdapter, "title" | "providers">;
  readonly env: Readonly<Record<string, string>>;
};

/**
 * Decides whether an agent goes behind the gateway; undefined where it goes to its provider by itself.
 * @throws CloisterError `agent_unavailable` where the policy wants every agent behind it and this one can't be.
 */
export function chooseGateway({ policy, agent, env }: GatewayQuestion): GatewayChoice | undefined {
  if (policy.use === "never") return undefined;
  const sources = agent.providers.length === 0 ? [] : findCredentialSources(env, policy);
  const isUsable = (provider: Provider): boolean =>
    sources.some((source) => source.provider === provider && (policy.use === "always" || isLasting(source)));
  const isWanted = (provider: Provider): boolean => policy.use === "always" || !isElsewhere(env, provider);
  const providers = agent.providers.filter((provider) => isUsable(provider) && isWanted(provider));
  if (providers.length > 0) return { sources, providers };
  if (policy.use === "always") throw describeMissing(agent);
  return undefined;
}

/** A login that only its own agent renews is left to it: behind the gateway it would run out in the middle of the night. */
function isLasting({ from }: CredentialSource): boolean {
  return from.type !== "file" || from.expiry === undefined;
}

/** Who has switched to another cloud is not sent back to the provider because a key of it is lying about. */
function isElsewhere(env: GatewayQuestion["env"], provider: Provider): boolean {
  return CLOUD_SWITCHES[provider].some((name) => !["", "0", "false"].includes(env[name] ?? ""));
}

/** For people, before a run: `The gateway meters it, with the variable ANTHROPIC_API_KEY.` */
export function describeChoice({ sources, providers }: GatewayChoice): string {
  const used = sources.filter(({ provider }) => providers.includes(provider)).map(describeSource);
  return `The gateway meters it, with ${used.join(", ")}.`;
}

function describeMissing({ title, providers }: GatewayQuestion["agent"]): CloisterError {
  const isFixed = providers.length === 0;
  const message = isFixed
    ? `${title} can't be sent through the gateway, and gateway.use is always.`
    : `Found no credential that the gateway could use for ${title}, and gateway.use is always.`;
  const remedy = isFixed ? "Choose another agent." : "Set one, as docs/gateway.md says under Credentials.";
  return new CloisterError({ code: "agent_unavailable", message, remedy });
}
