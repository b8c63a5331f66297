import { type Language, languageOf } from "./languages.ts";
import { type Masked, maskSource } from "./mask.ts";
import { readTestBlocks, type TestBlock } from "./test-blocks.ts";

/** One side of a changed file. What is read from it is read once, when it is first asked for. */
export interface SourceText {
  readonly text: string;
  /** Undefined where the file's language is not known. */
  readonly language: Language | undefined;
  /** The text itself where the language is not known. */
  readonly masked: Masked;
  /** The tests in it, whatever the file is called. */
  readonly tests: readonly TestBlock[];
}

/** Wraps the text of the file at `path`. */
export function createSourceText(path: string, text: string): SourceText {
  const language = languageOf(path);
  let masked: Masked | undefined;
  let tests: readonly TestBlock[] | undefined;
  const mask = (): Masked => (language === undefined ? { code: text, bare: text } : maskSource(text, language));
  return {
    text,
    language,
    get masked() {
      return (masked ??= mask());
    },
    get tests() {
      return (tests ??= language === undefined ? [] : readTestBlocks(this.masked, language));
    },
  };
}
