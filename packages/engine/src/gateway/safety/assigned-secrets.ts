import { createFinder } from "./create-finder.ts";
import type { Detector } from "./finding.ts";
import { isRandom } from "./randomness.ts";

/**
 * `api_key = "…"`, `"clientSecret": "…"`, `PASSWORD=…`: a telling name, then a value of one word. It begins with what stands between them,
 * and looks back at the name: to look for names from every letter on takes up to nine times as long.
 */
const ASSIGNMENT =
  /[:=](?<=(?:(?:api|access|secret|private|encryption|signing|auth)[_-]?key|secret|token|passw(?:or)?d|credentials?)\\?["'`]?[ \t]{0,4}[:=])(?:(?<=:)=|(?<==)>)?[ \t]{0,4}\\?["'`]?(?<value>[A-Za-z0-9+/=_.~!@#$%^&*-]{16,200})/dgi;
const AUTHORIZATION = /\bbearer[ \t]{1,4}(?<value>[A-Za-z0-9._~+/=-]{20,2000})/dgi;
/** Names that end like a secret's and hold none. */
const HARMLESS_NAME = /(?:page|continuation|sync|next|cancel\w{0,8}|public)[_-]?$/i;
/** What is no literal: calls, paths, references to variables, names of constants. */
const NOT_LITERAL =
  /^(?:[$%&@#]|process\.|env\.|https?:|\.{0,2}\/)|[a-z]\.[a-z]{3}|^[A-Z_]+$|^[a-z]+(?:[-_.][a-z]+)*$/i;

/** Bits a character that a key has at least: of any text, and of one in hexadecimal, which can't have more than 4. */
const MIN_ENTROPY = 3.6;
const MIN_HEX_ENTROPY = 3;

const findAssigned = createFinder(
  "assigned",
  ASSIGNMENT,
  (value, start, text) => !hasHarmlessName(text, start) && isKey(value),
);
const findBearers = createFinder("bearer", AUTHORIZATION, isKey);

/** Finds values of high entropy under names that call them secret. */
export const findAssignedSecrets: Detector = (text) => [...findAssigned(text), ...findBearers(text)];

/** Looks at what stands before the name; the name and what is between it and the value have 30 characters at most. */
function hasHarmlessName(text: string, valueStart: number): boolean {
  const before = text.slice(Math.max(0, valueStart - 60), valueStart);
  return HARMLESS_NAME.test(before.replace(/(?:key|secret|token|credentials?|passw\w{0,4})[^A-Za-z]*$/i, ""));
}

function isKey(value: string): boolean {
  if (/^[0-9a-f]{32,}$/i.test(value)) return isRandom(value, MIN_HEX_ENTROPY);
  const digits = value.replaceAll(/\D/g, "").length;
  return digits >= 2 && /[a-z]/i.test(value) && !NOT_LITERAL.test(value) && isRandom(value, MIN_ENTROPY);
}
