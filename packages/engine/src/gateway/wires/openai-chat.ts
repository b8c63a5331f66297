import { type JsonObject, listAt, objectAt, textAt, toObject } from "../../agents/json-value.ts";
import type { WireAdapter } from "../port.ts";
import type { AnswerFormat, Reading } from "./answer-format.ts";
import { readOpenAiUsage, refuseAsOpenAi } from "./openai.ts";
import { REFUSAL_STATUSES } from "./refusals.ts";
import { limitAt, mayCost, toFacts, withoutQuery } from "./request-facts.ts";
import { usageReaders } from "./usage-reader.ts";

const COMPLETIONS = /^(?:\/v1)?\/(?:chat\/)?completions$/;
const TEXT_KEYS = ["content", "reasoning_content", "reasoning", "arguments"];

const FORMAT: AnswerFormat = {
  usageKey: "usage",
  modelKey: "model",
  eventTextKeys: TEXT_KEYS,
  bodyTextKeys: TEXT_KEYS,
  read: readDocument,
};

/** OpenAI's Chat Completions API, every provider's that is compatible with it, and OpenAI's endpoints that have no wire of their own. */
export const openAiChat: WireAdapter = {
  name: "openai_chat",
  provider: "openai",
  readRequest: (path, body) => {
    const billable = COMPLETIONS.test(withoutQuery(path)) || mayCost(body);
    return toFacts(body, billable, [limitAt(body, "max_completion_tokens"), limitAt(body, "max_tokens")]);
  },
  createUsageReader: usageReaders(FORMAT),
  refuse: (refusal) => refuseAsOpenAi(refusal, REFUSAL_STATUSES),
};

/** A chunk of a stream, or a whole completion. Some providers count in every chunk: the last one finishes, or has no choices. */
function readDocument(document: JsonObject): Reading {
  const model = textAt(document, "model");
  const counts = readOpenAiUsage(objectAt(document, "usage"));
  const choices = listAt(document, "choices");
  const final = choices.length === 0 || choices.some(isFinished);
  return { ...(model === undefined ? {} : { model }), ...(counts === undefined ? {} : { counts, final }) };
}

/** A whole completion has messages, the chunks of a stream have deltas. */
function isFinished(choice: unknown): boolean {
  return textAt(choice, "finish_reason") !== undefined || toObject(choice)?.["message"] !== undefined;
}
