import type { RequestSignal } from "@cloister/core";
import { createObjectNotes } from "../object-notes.ts";
import type { ContextWatch, Identity, ModelRequest } from "../port.ts";
import { describeBreak, isContinued, similarity } from "./compare-prompts.ts";
import {
  addTurn,
  filledShare,
  NO_CONTEXT,
  toContextReport,
  type ContextReport,
  type ContextSize,
} from "./context-size.ts";
import { createLruMap } from "./lru-map.ts";
import { createPromptPrinter, type PromptPrint } from "./prompt-print.ts";

/** Iterations, and conversations of each, that are remembered. */
const MAX_ITERATIONS = 64;
const MAX_CONVERSATIONS = 16;

/** What is known of one conversation. Changes with each request. */
type Conversation = { print: PromptPrint; size: ContextSize; isFlagged: boolean };

/** A {@link ContextWatch} that can be asked, too. */
export interface ContextObservatory extends ContextWatch {
  /** Of the largest conversation of a run's iteration; undefined where no answer has named its input yet. */
  report(identity: Identity): ContextReport | undefined;
}

/**
 * Watches how conversations fill their model's window, and what breaks the prefix that providers cache. Keeps digests of prompts,
 * never text; the oldest conversations are forgotten.
 * @param options.warnAt share of the window (0 to 1) above which a conversation is flagged, once.
 */
export function createContextWatch(options: { readonly warnAt: number }): ContextObservatory {
  const printPrompt = createPromptPrinter();
  const iterations = createLruMap<readonly Conversation[]>(MAX_ITERATIONS);
  /** Of requests under way. */
  const conversations = createObjectNotes<Conversation>();
  return {
    sent: (request) => {
      if (request.json === undefined || !request.facts.billable) return [];
      const print = printPrompt(request.wire.name, request.facts.model, request.json);
      const key = toKey(request.identity);
      const known = iterations.get(key) ?? [];
      const found = findConversation(known, print);
      const conversation = found ?? { print, size: NO_CONTEXT, isFlagged: false };
      // Mostly it is the one that was last.
      if (known.at(-1) !== conversation) iterations.set(key, putLast(known, conversation));
      conversations.set(request, conversation);
      const cause = describeBreak(conversation.print, print);
      conversation.print = print;
      return cause === undefined ? [] : [report("cache_broken", `The prompt cache is broken: ${cause}.`)];
    },
    answered: (request, usage, window) => {
      const conversation = conversations.get(request);
      if (conversation === undefined) return [];
      conversation.size = addTurn(conversation.size, usage, window);
      const share = filledShare(conversation.size);
      if (share === undefined || share <= options.warnAt || conversation.isFlagged) return [];
      conversation.isFlagged = true;
      return [report("context_full", describeFullness(request, conversation.size, share))];
    },
    report: (identity) => {
      const sizes = (iterations.get(toKey(identity)) ?? [])
        .map(({ size }) => size)
        .filter(({ requests }) => requests > 0);
      const [largest] = sizes.toSorted((left, right) => right.lastTokens - left.lastTokens);
      return largest === undefined ? undefined : toContextReport(largest);
    },
  };
}

function toKey({ run, iteration }: Identity): string {
  return `${iteration}:${run}`;
}

function putLast(known: readonly Conversation[], conversation: Conversation): readonly Conversation[] {
  return [...known.filter((other) => other !== conversation), conversation].slice(-MAX_CONVERSATIONS);
}

function findConversation(known: readonly Conversation[], print: PromptPrint): Conversation | undefined {
  const candidates = known.filter((conversation) => isContinued(conversation.print, print));
  const [best] = candidates
    .map((conversation) => ({ conversation, score: similarity(conversation.print, print) }))
    .toSorted((left, right) => right.score - left.score);
  return best?.conversation;
}

function describeFullness({ facts }: ModelRequest, size: ContextSize, share: number): string {
  const { growthPerTurn } = toContextReport(size);
  const tokens = `${size.lastTokens} of ${size.window} tokens`;
  const model = facts.model.slice(0, 60).replaceAll(/[^\w.:/@-]/g, "");
  return `A conversation fills ${Math.round(share * 100)} % of the window of ${model} (${tokens}) and grows by ${growthPerTurn} a turn.`;
}

function report(kind: RequestSignal["kind"], detail: string): RequestSignal {
  return { kind, action: "reported", detail };
}
