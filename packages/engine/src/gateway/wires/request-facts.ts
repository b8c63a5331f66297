import { amountAt, type JsonObject, textAt } from "../../agents/json-value.ts";
import type { RequestFacts } from "../port.ts";
import { clampTokens } from "./token-counts.ts";

/** Names go into the ledger: longer ones are cut. */
const MAX_MODEL_LENGTH = 256;

/** A model's name as the ledger keeps it. */
export function toModelName(name: string): string {
  return name.slice(0, MAX_MODEL_LENGTH);
}

/** A request's path without its query. */
export function withoutQuery(path: string): string {
  const mark = path.indexOf("?");
  return mark === -1 ? path : path.slice(0, mark);
}

/** Tells whether a request to an endpoint that is not known may cost: it names a model, or can't be read. */
export function mayCost(body: JsonObject | undefined): boolean {
  return body === undefined || Object.hasOwn(body, "model");
}

/** What is the same in a request of every wire but Gemini's. `limits`: all that the body says of the answer's length. */
export function toFacts(
  body: JsonObject | undefined,
  billable: boolean,
  limits: readonly (number | undefined)[],
): RequestFacts {
  const known = limits.filter((limit) => limit !== undefined);
  return {
    model: toModelName(textAt(body, "model") ?? ""),
    stream: body?.["stream"] === true,
    billable,
    // Where a body says two, which one counts is the provider's choice: take the dearer.
    ...(known.length === 0 ? {} : { maxOutputTokens: clampTokens(Math.max(...known)) }),
  };
}

/** A limit on the tokens of an answer, times the answers that are asked for. Undefined where there is none, or it is no number ≥ 0. */
export function limitAt(body: JsonObject | undefined, name: string, answers = "n"): number | undefined {
  const limit = amountAt(body, name);
  return limit === undefined ? undefined : Math.ceil(limit) * Math.max(1, Math.ceil(amountAt(body, answers) ?? 1));
}
