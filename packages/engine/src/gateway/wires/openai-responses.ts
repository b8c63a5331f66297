import { type JsonObject, objectAt, textAt, toObject } from "../../agents/json-value.ts";
import type { WireAdapter } from "../port.ts";
import type { AnswerFormat, Reading } from "./answer-format.ts";
import { readOpenAiUsage, refuseAsOpenAi } from "./openai.ts";
import { REFUSAL_STATUSES, type RefusalStatuses } from "./refusals.ts";
import { limitAt, toFacts, withoutQuery } from "./request-facts.ts";
import { usageReaders } from "./usage-reader.ts";

/** Counting tokens and cancelling cost nothing. */
const FREE = /^(?:\/v1)?\/responses\/(?:input_tokens|[\w-]+\/cancel)$/;
const UNDER_WAY: ReadonlySet<string | undefined> = new Set(["in_progress", "queued"]);

/** Codex takes 402 and 403 for a fault of the network, and reconnects; it stops at 429 `insufficient_quota` and at 400. */
const STATUSES: RefusalStatuses = {
  ...REFUSAL_STATUSES,
  budget: 429,
  unpriced: 400,
  safety: 400,
  credential: 400,
  body: 400,
};

const FORMAT: AnswerFormat = {
  usageKey: "usage",
  modelKey: "model",
  // Later events of a stream repeat what its deltas held.
  eventTextKeys: ["delta"],
  bodyTextKeys: ["text", "arguments", "input"],
  read: readDocument,
};

/** OpenAI's Responses API. */
export const openAiResponses: WireAdapter = {
  name: "openai_responses",
  provider: "openai",
  readRequest: (path, body) => toFacts(body, !FREE.test(withoutQuery(path)), [limitAt(body, "max_output_tokens")]),
  createUsageReader: usageReaders(FORMAT),
  refuse: (refusal) => refuseAsOpenAi(refusal, STATUSES),
};

/** An event with a response in it (`response.created`, `.completed`, `.incomplete`, `.failed`), or a whole response. */
function readDocument(document: JsonObject): Reading {
  const response = toObject(document["response"]) ?? document;
  const model = textAt(response, "model");
  const counts = readOpenAiUsage(objectAt(response, "usage"));
  const final = !UNDER_WAY.has(textAt(response, "status"));
  return { ...(model === undefined ? {} : { model }), ...(counts === undefined ? {} : { counts, final }) };
}
