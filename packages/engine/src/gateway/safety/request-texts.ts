import type { Wire } from "@cloister/core";
import { toObject, type JsonObject } from "../../agents/json-value.ts";
import type { ObjectNotes } from "../object-notes.ts";
import { PROMPT_LAYOUTS, type PromptLayout } from "../context/prompt-layout.ts";

/** A text of a request. */
export type RequestText = {
  readonly text: string;
  /** Where it is, in words: `message 3, tool result`. */
  readonly place: string;
  readonly isFromTool: boolean;
  /** The message, or other part of the body at the top, that it stands in; left out where that is a text itself. */
  readonly part?: object;
};

/** The texts of a request, in the order of its body. `isWhole` is false where some are nested too deep to be looked at. */
export type RequestTexts = {
  readonly texts: readonly RequestText[];
  readonly isWhole: boolean;
  /** The parts that were looked into. */
  readonly parts: readonly object[];
};

/** Levels of objects and arrays that are looked into. Providers take no such depth. */
const MAX_DEPTH = 64;
/** Most strings of a request are roles, types and names. The shortest secret or number that is looked for is longer: a card's 13 digits. */
const NAME = /^\w{0,12}$/;
/** From this length on, a text of nothing but base64 is an image or the like, in which chance finds everything. */
const MIN_BINARY = 1024;
const DATA_URL = /^data:[\w.+-]{1,40}\/[\w.+-]{1,80};base64,/;
const NOT_BASE64 = /[^A-Za-z0-9+/_=-]/;

/** Collects the strings of a request's body, each with its place, but for those of parts that `known` has. Never throws. */
export function collectTexts(wire: Wire, json: JsonObject, known: Pick<ObjectNotes<true>, "get">): RequestTexts {
  const layout = PROMPT_LAYOUTS[wire];
  const texts: RequestText[] = [];
  const looked: object[] = [];
  let isWhole = true;
  const visit = (value: unknown, at: Position): void => {
    if (typeof value === "string") {
      if (!NAME.test(value) && !isBinary(value)) texts.push(toText(value, at));
    } else if (typeof value === "object" && value !== null) {
      if (at.depth >= MAX_DEPTH) isWhole = false;
      else visitAll(childrenOf(value), inside(value, at, layout));
    }
  };
  const visitAll = (values: readonly unknown[], at: Position): void => {
    for (const value of values) visit(value, at);
  };
  const visitPart = (part: unknown, nameOfPart: () => string): void => {
    const object = typeof part === "object" && part !== null ? part : undefined;
    if (object !== undefined && known.get(object) === true) return;
    if (object !== undefined) looked.push(object);
    visit(part, { name: nameOfPart(), part: object, isFromTool: false, depth: 0 });
  };
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (key !== layout.messages || !Array.isArray(value)) visitPart(value, () => nameOf(key, layout));
    else value.forEach((message, index) => visitPart(message, () => `message ${index + 1}`));
  }
  return { texts, isWhole, parts: looked };
}

/** Where the walk is. */
type Position = {
  readonly name: string;
  readonly part: object | undefined;
  readonly isFromTool: boolean;
  readonly depth: number;
};

function inside(value: object, at: Position, layout: PromptLayout): Position {
  const object = toObject(value);
  const isFromTool = at.isFromTool || (object !== undefined && layout.isToolResult(object));
  return { ...at, isFromTool, depth: at.depth + 1 };
}

function childrenOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  return isThought(value) ? [] : Object.values(value);
}

/** What the model thought comes from the provider, which has signed it: it tells the provider nothing, and may not be changed. */
function isThought(value: object): boolean {
  const { type, thought } = value as JsonObject;
  return type === "thinking" || type === "redacted_thinking" || type === "reasoning" || thought === true;
}

function isBinary(text: string): boolean {
  return text.length >= MIN_BINARY && !NOT_BASE64.test(text.replace(DATA_URL, ""));
}

function nameOf(key: string, layout: PromptLayout): string {
  if (layout.system.includes(key)) return "the system prompt";
  if (key === "tools") return "the tools";
  return key === layout.messages ? "message 1" : "the request";
}

function toText(text: string, { name, part, isFromTool }: Position): RequestText {
  const place = isFromTool ? `${name}, tool result` : name;
  return { text, place, isFromTool, ...(part === undefined ? {} : { part }) };
}
