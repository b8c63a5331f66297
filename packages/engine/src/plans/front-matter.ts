import { parseYaml, type Located } from "../config/located.ts";
import { sourceError, type SourceText } from "../config/source-text.ts";
import { validate } from "../config/validate.ts";
import type { PlanHeader } from "./plan-draft.ts";
import { frontMatter } from "./schema.ts";

/** Front matter, and what follows it. */
export type FrontMatter = {
  readonly header: PlanHeader;
  readonly located?: Located;
  /** Offset at which the Markdown below begins. */
  readonly end: number;
};

const FENCE = /^---[ \t]*$/gm;

/**
 * Reads the YAML between two lines of `---` at the very top of a text, where there is one.
 * @throws CloisterError with the line where it is not closed, not YAML, or says what no plan can say.
 */
export function readFrontMatter(source: SourceText): FrontMatter {
  const [opening, closing] = source.text.matchAll(FENCE);
  if (opening?.index !== 0) return { header: {}, end: 0 };
  if (closing === undefined) {
    const message = "expected the front matter that begins here to end with a line of `---`, found none.";
    throw sourceError(source, 1, { message, remedy: "Close the front matter." });
  }
  const located = parseYaml(source, { start: opening[0].length, end: closing.index });
  const header = located.value === null ? {} : validate(frontMatter, located);
  return { header, located, end: closing.index + closing[0].length };
}
