/** Fingerprints of prompts: enough to tell where two differ, without keeping either. */
import { hash } from "node:crypto";
import type { Wire } from "@cloister/core";
import { listAt, textAt, toObject, type JsonObject } from "../../agents/json-value.ts";
import { oncePerObject } from "../once-per-object.ts";
import { createLruMap, type LruMap } from "./lru-map.ts";
import { PROMPT_LAYOUTS } from "./prompt-layout.ts";

/** A tool's name and the digests of its parts (`description`, `input_schema`, …). */
export type ToolPrint = { readonly name: string; readonly digest: string; readonly parts: readonly NamedDigest[] };

export type NamedDigest = { readonly name: string; readonly digest: string };

/** What is kept of a prompt, in the order in which providers cache it. */
export type PromptPrint = {
  readonly model: string;
  readonly tools: readonly ToolPrint[];
  /** One digest for each {@link SYSTEM_BLOCK} characters. */
  readonly system: readonly string[];
  readonly settings: readonly NamedDigest[];
  readonly messages: readonly string[];
  /** Messages at the start that count as part of the system prompt: the first of `messages` has this number, from 0. */
  readonly firstMessage: number;
  /** Equal in all requests of one conversation. */
  readonly opening: string;
};

/** Characters of the system prompt that one digest stands for. */
export const SYSTEM_BLOCK = 64;

/** What is compared at most, so that memory is bounded. */
const MAX_TOOLS = 500;
const MAX_PARTS = 16;
const MAX_SYSTEM = 262_144;
const MAX_MESSAGES = 2000;
/** Message, its content, block, the block's text: nothing that providers take is deeper. */
const MAX_TEXT_DEPTH = 6;
/** Claude Code puts a line in front that differs in each request, and that Anthropic's cache does not see. */
const BILLING_HEADER = "x-anthropic-billing-header:";

/** Lists of tools and system prompts that are remembered. */
const MAX_KNOWN = 64;
/** What a prompt has in place of the tools and the system prompt that it lacks. */
const [NO_TOOLS, NO_SYSTEM]: readonly [readonly ToolPrint[], readonly string[]] = [[], []];

/** Gives the fingerprint of a request's prompt. Never throws, whatever `json` holds. */
export type PromptPrinter = (wire: Wire, model: string, json: JsonObject) => PromptPrint;

/** Tools and system prompts are the same in most requests: their prints are made once. */
export function createPromptPrinter(): PromptPrinter {
  const knownTools = createLruMap<readonly ToolPrint[]>(MAX_KNOWN);
  const knownSystems = createLruMap<readonly string[]>(MAX_KNOWN);
  const printList = oncePerObject((tools: readonly unknown[]) =>
    recall(knownTools, digestOf(tools), () => tools.flatMap(toTools).slice(0, MAX_TOOLS).map(printTool)),
  );
  const printTools = (tools: readonly unknown[]): readonly ToolPrint[] =>
    tools.length === 0 ? NO_TOOLS : printList(tools);
  const printTexts = (parts: readonly unknown[]): readonly string[] => {
    const text = parts.map((part) => toText(part)).join("\n");
    return recall(knownSystems, shortHash(text), () => printSystem(text));
  };
  const printOne = oncePerObject((part: object) => printTexts([part]));
  const printParts = (parts: readonly unknown[]): readonly string[] => {
    if (parts.length === 0) return NO_SYSTEM;
    const [first] = parts;
    return parts.length === 1 && isObject(first) ? printOne(first) : printTexts(parts);
  };
  const printMessage = oncePerObject((message: object) => digestOf(toCanonical(message)));
  return (wire, model, json) => {
    const layout = PROMPT_LAYOUTS[wire];
    const messages = toMessages(json[layout.messages]);
    const found = messages.findIndex((message) => !isSystemMessage(message));
    const firstMessage = found === -1 ? messages.length : found;
    const named = layout.system.map((key) => json[key]).filter((part) => part !== undefined);
    const system = [...named, ...messages.slice(0, firstMessage)];
    const conversation = messages.slice(firstMessage, firstMessage + MAX_MESSAGES);
    const digests = conversation.map((message) => (isObject(message) ? printMessage(message) : digestOf(message)));
    const opening = conversation.findIndex((message) => toObject(message)?.["role"] === "user");
    return {
      model,
      tools: printTools(listAt(json, "tools")),
      system: printParts(system),
      settings: layout.settings.map((name) => ({ name, digest: digestOf(json[name]) })),
      messages: digests,
      firstMessage,
      opening: textAt(json, "prompt_cache_key") ?? digests[opening] ?? "",
    };
  };
}

/** What `make` makes of that whose digest is `key`, from memory where it is there. */
function recall<Print>(known: LruMap<Print>, key: string, make: () => Print): Print {
  const print = (key === UNREADABLE ? undefined : known.get(key)) ?? make();
  if (key !== UNREADABLE) known.set(key, print);
  return print;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function toMessages(value: unknown): readonly unknown[] {
  if (typeof value === "string") return [{ role: "user", content: value }];
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function isSystemMessage(message: unknown): boolean {
  const role = toObject(message)?.["role"];
  return role === "system" || role === "developer";
}

/** Tools one by one: Gemini groups them, Chat Completions wraps them. */
function toTools(tool: unknown): readonly unknown[] {
  const declarations = [...listAt(tool, "functionDeclarations"), ...listAt(tool, "function_declarations")];
  if (declarations.length > 0) return declarations;
  return [toObject(toObject(tool)?.["function"]) ?? tool];
}

function printTool(tool: unknown): ToolPrint {
  const plain = unmark(tool);
  const parts = Object.entries(toObject(plain) ?? {}).slice(0, MAX_PARTS);
  return {
    name: textAt(tool, "name") ?? textAt(tool, "type") ?? "without a name",
    digest: digestOf(plain),
    parts: parts.map(([name, part]) => ({ name, digest: digestOf(part) })),
  };
}

function printSystem(text: string): readonly string[] {
  const bounded = text.slice(0, MAX_SYSTEM);
  const count = Math.ceil(bounded.length / SYSTEM_BLOCK);
  return Array.from({ length: count }, (_, index) =>
    shortHash(bounded.slice(index * SYSTEM_BLOCK, (index + 1) * SYSTEM_BLOCK)),
  );
}

/** The text of a system prompt, a block or a message, whichever way it is written; what is nested deeper than those is left out. */
function toText(part: unknown, depth: number = 0): string {
  if (typeof part === "string") return part.startsWith(BILLING_HEADER) ? "" : part;
  if (depth > MAX_TEXT_DEPTH) return "";
  if (Array.isArray(part)) return part.map((inner) => toText(inner, depth + 1)).join("\n");
  const { text, content, parts } = toObject(part) ?? {};
  return toText(text ?? content ?? parts ?? "", depth + 1);
}

/** A message without the marks that say where to cache, and with its text as a block: neither is part of what is cached. */
function toCanonical(message: unknown): unknown {
  const object = toObject(message);
  const content = object?.["content"];
  if (typeof content === "string") return { ...object, content: [{ type: "text", text: content }] };
  return Array.isArray(content) ? { ...object, content: content.map(unmark) } : message;
}

function unmark(block: unknown): unknown {
  const object = toObject(block);
  if (object === undefined || !Object.hasOwn(object, "cache_control")) return block;
  const { cache_control: _mark, ...rest } = object;
  return rest;
}

/** Of what is nested too deep to be written (or too long): all such values count as equal, so that no break is claimed that was not seen. */
const UNREADABLE = "unreadable";
/** Of what is not there. No hash has its length, either. */
const ABSENT = "absent";

function digestOf(value: unknown): string {
  if (value === undefined) return ABSENT;
  try {
    return shortHash(JSON.stringify(value));
  } catch {
    return UNREADABLE;
  }
}

/** 72 bits: plenty to tell segments of one conversation apart. */
function shortHash(text: string): string {
  return hash("sha1", text, "base64").slice(0, 12);
}
