import type { InitializeResponse } from "@agentclientprotocol/sdk/unstable";
import { classifyFailure } from "../failure.ts";
import { amountAt, objectAt, textAt, toObject } from "../json-value.ts";
import type { Failure } from "../port.ts";
import { toMessage } from "../text.ts";

/** The protocol's error code for "log in first". */
const AUTH_REQUIRED = -32000;

/** What a refused request means. `agent`: what the agent said of itself, where it got that far. */
export function toFailure(error: unknown, agent: InitializeResponse | undefined): Failure {
  const { code, data } = toObject(error) ?? {};
  const message = error instanceof Error ? error.message : String(error);
  if (code === AUTH_REQUIRED) return { failure: "auth", message: describeLogin(message, agent) };
  const detail = textAt({ data }, "data") ?? textAt(data, "details") ?? textAt(data, "message");
  const status = amountAt(objectAt(data), "status") ?? amountAt({ code }, "code");
  return classifyFailure({ message: detail === undefined ? message : `${message}: ${detail}`, status });
}

/** The agent's own words, and the ways to log in that it offers: they take a person, so Cloister tries none. */
function describeLogin(message: string, agent: InitializeResponse | undefined): string {
  const ways = (agent?.authMethods ?? []).map(({ name }) => name).join(", ");
  return toMessage(
    `The agent wants a login first (${message}). Log in with its own program${ways === "" ? "" : `: ${ways}`}.`,
  );
}
