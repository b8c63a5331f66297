import { excerpt } from "../prompt/excerpt.ts";

/** Control characters, and marks that are not seen but change how text is read: hidden and direction-changing ones. */
// oxlint-disable-next-line no-control-regex -- they are what is taken out.
const UNSEEN = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g;
// oxlint-disable-next-line no-control-regex -- colours and cursor movements of a terminal begin with the escape character.
const ESCAPE_SEQUENCE = /\u001B\[[0-9;?]*[A-Za-z]/g;

/** Hostile text as a reader may see it: nothing hidden in it, at most `limit` characters, of which head and tail are kept. */
export function toPlainText(text: string, limit: number): string {
  // Cut first as well: cleaning megabytes to show a page of them would be a waste.
  const bounded = excerpt(text, 4 * limit);
  const clean = bounded.replaceAll("\r\n", "\n").replaceAll(ESCAPE_SEQUENCE, "").replaceAll(UNSEEN, "");
  return excerpt(clean.toWellFormed().trim(), limit);
}

/** The same on one line. */
export function toPlainLine(text: string, limit: number): string {
  return toPlainText(text, limit).replaceAll(/\s+/g, " ");
}
