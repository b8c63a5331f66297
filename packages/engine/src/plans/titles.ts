import { sourceError, type SourceText } from "../config/source-text.ts";
import { isTaskId } from "./schema.ts";

const TITLE_LENGTH = 120;
const SLUG_LENGTH = 60;

/** A title on one line, cut to a length that lists and commit messages can hold. */
export function boundTitle(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= TITLE_LENGTH ? line : `${cut(line, TITLE_LENGTH - 1).trimEnd()}…`;
}

/**
 * Takes the `{#id}` off the end of a title.
 * @throws CloisterError where the title is empty, or the id is none.
 */
export function splitId(
  source: SourceText,
  line: number,
  text: string,
): { readonly title: string; readonly id?: string } {
  const match = /\{#([^{}]*)\}$/.exec(text.trimEnd());
  const title = text.slice(0, match?.index).trim();
  if (title === "") {
    throw sourceError(source, line, { message: "expected the task's title, found nothing.", remedy: "Name the task." });
  }
  const id = match?.[1];
  if (id === undefined) return { title };
  if (isTaskId(id)) return { title, id };
  const message = `expected an id of letters, digits, ".", "_" and "-" (80 at most), found \`${id.slice(0, 60)}\`.`;
  throw sourceError(source, line, { message, remedy: "Write it as {#an-id}." });
}

/** Makes ids out of titles, none of them in `taken` and none twice. */
export function createIdMaker(taken: Iterable<string>): (title: string) => string {
  const used = new Set(taken);
  const counts = new Map<string, number>();
  return (title) => {
    const base = slug(title);
    let id = base;
    for (let count = counts.get(base) ?? 1; used.has(id); count += 1) {
      id = `${base}-${count + 1}`;
      counts.set(base, count + 1);
    }
    used.add(id);
    return id;
  };
}

function slug(title: string): string {
  const words = title
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu) ?? ["task"];
  return cut(words.join("-").normalize("NFC"), SLUG_LENGTH).replace(/-$/, "");
}

/** The beginning of a text, never with half a character at its end. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}
