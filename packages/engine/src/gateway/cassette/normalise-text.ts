/**
 * What differs between two runs of the same work, and what stands in its place. In this order: what comes first may hold what comes
 * later. Each pattern runs in linear time.
 */
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\\.?";
const WEEKDAY = "(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\\b,?";
const CLOCK = "\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?";

const RULES: readonly (readonly [RegExp, string])[] = [
  [/\b(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}\b/g, "<loopback>"],
  [/(?<![\w.:/])\/[\w.@+~%/-]+/g, "<path>"],
  [/\b[A-Za-z]:\\[\w.@+~%\\-]+/g, "<path>"],
  [/\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?(?:Z| ?[+-]\d{2}:?\d{2})?/g, "<date>"],
  [new RegExp(`\\b${WEEKDAY}`, "g"), "<date>"],
  [new RegExp(`\\b${MONTH} {1,2}\\d{1,2}(?:st|nd|rd|th)?\\b(?:,? \\d{4})?`, "g"), "<date>"],
  [new RegExp(`\\b\\d{1,2} ${MONTH} \\d{4}\\b`, "g"), "<date>"],
  [/\b\d{1,4}[/.]\d{1,2}[/.]\d{2,4}\b/g, "<date>"],
  [new RegExp(`\\b${CLOCK}(?: ?[AaPp][Mm])?\\b`, "g"), "<time>"],
  [/\b\d+(?:\.\d+)? ?(?:ms|s|µs|seconds?|milliseconds?)\b/g, "<duration>"],
  [/\b(duration_ms:? )\d+(?:\.\d+)?/g, "$1<duration>"],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi, "<id>"],
  [/\b(?:session|sess|user|run|req|msg|toolu|call|resp)_[\w-]{6,}/g, "<id>"],
  [/\b(?=[a-f]{0,40}\d)[0-9a-f]{7,}\b/g, "<id>"],
];

/** A text without what changes from run to run: dates, times, absolute paths, local addresses, ids, hashes. */
export function normaliseText(text: string): string {
  return RULES.reduce((normalised, [pattern, stand]) => normalised.replace(pattern, stand), text);
}
