import type { Detector, Match } from "./finding.ts";

/**
 * Characters that a reader does not see and a model does, in runs.
 * https://www.unicode.org/reports/tr36/ (security considerations), https://trojansource.codes (bidirectional controls).
 */
const HIDDEN: readonly (readonly [string, RegExp])[] = [
  // Text in the ASCII of the tags block. A flag of a region (black flag, tags, cancel tag) is none.
  ["tag_characters", /(?<!\u{1F3F4}[\u{E0000}-\u{E007F}]{0,8})[\u{E0000}-\u{E007F}]+/gu],
  ["bidi_control", /[\u202A-\u202E\u2066-\u2069]+/gu],
  // Joiners are part of emoji and of scripts that need them; between Latin letters they hide something.
  [
    "zero_width",
    /(?<!^)\uFEFF+|[\u200B\u180E\u2060-\u2064]+|(?<=[\x20-\x7E])[\u200C\u200D]+(?=[\x20-\x7E])|[\u200C\u200D]{2,}/gu,
  ],
  // One of them chooses how a character looks; several in a row carry data.
  ["variation_selectors", /[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]{2,}/gu],
];

/** What most texts have none of; one test spares them the others. */
const ANY_HIDDEN = new RegExp(HIDDEN.map(([, pattern]) => pattern.source).join("|"), "u");

/** Finds characters that are not seen. */
export const findHiddenUnicode: Detector = (text) => {
  if (!ANY_HIDDEN.test(text)) return [];
  return HIDDEN.flatMap(([rule, pattern]) =>
    [...text.matchAll(pattern)].map(({ index, 0: found }): Match => ({
      rule,
      start: index,
      end: index + found.length,
    })),
  );
};
