/** Makes text from agents, repositories and models fit to be shown: the one place where hostile text is disarmed and measured. */
import { stripVTControlCharacters } from "node:util";
import { toPlainText as withoutHidden } from "@cloister/core";

/** Beyond this many characters nothing is shown anyway; bounding first keeps the work bounded. */
const MAX_CHARACTERS = 20_000;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|[\u{20000}-\u{3FFFD}]|.\uFE0F)/u;
const NARROW_ONLY = /^[\u0020-\u007E]*$/;
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Text without escape sequences, control characters and invisible marks; line feeds and tabs stay. */
export function toPlainText(text: string): string {
  return withoutHidden(stripVTControlCharacters(text.slice(0, MAX_CHARACTERS)), MAX_CHARACTERS);
}

/** The text as one harmless line: white space of every kind becomes one space. */
export function toSingleLine(text: string): string {
  return toPlainText(text).replaceAll(/\s+/g, " ");
}

/** How many columns a terminal gives to `text` (which may hold colours). */
export function displayWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (NARROW_ONLY.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes.segment(plain)) width += graphemeWidth(segment);
  return width;
}

/** Cuts plain text (no colours) to `columns`, with an ellipsis where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of graphemes.segment(text)) {
    width += graphemeWidth(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return columns > 0 ? `${kept.trimEnd()}…` : "";
}

/** Fills `text` with spaces on its right, or its left, up to `columns`. */
export function padToWidth(text: string, columns: number, side: "left" | "right" = "right"): string {
  const padding = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return side === "left" ? padding + text : text + padding;
}

function graphemeWidth(grapheme: string): number {
  if (/^\p{Mark}/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
