import { createFinder } from "./create-finder.ts";
import type { Detector, Match } from "./finding.ts";

/** From the `@` on; what stands before it is read backwards, so that long words without an `@` cost nothing. */
const DOMAIN = /@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?<last>[A-Za-z]{2,24})(?![\w@-])/g;
const LOCAL_PART = /[A-Za-z0-9](?:[A-Za-z0-9._%+'-]{0,62}[A-Za-z0-9_+-])?$/;
/** Accounts of programs. */
const NOBODY = /^(?:git|no-?reply|do-?not-?reply|noreply\+.*|hg|svn|root)$|\[bot\]/i;
/** `logo@2x.png` is a file, and `name@host.local` a machine. */
const NO_DOMAIN =
  /^(?:png|jpe?g|gif|svg|webp|css|s[ac]ss|[cm]?[jt]sx?|json|md|ya?ml|local|internal|localhost|invalid)$/i;
/** Of GitHub's addresses that stand for an account without telling its address. */
const NO_REPLY_DOMAIN = /^@users\.noreply\./i;

/** `+` and a country, then groups; at a line's start only with groups, because lines of a diff start with a `+`, too. */
const INTERNATIONAL_PHONE = /(?<![\w+./:=-])\+[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){1,6}(?![\w]|[.:-]\d)/dg;
/** North America: area and exchange start with 2 to 9. */
const NATIONAL_PHONE =
  /(?<![\w+./:=-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])[2-9]\d{2}[.-]\d{4}(?![\w]|[.-]\d)/dg;

/** Finds e-mail addresses of people. */
export const findEmails: Detector = (text) => {
  if (!text.includes("@")) return [];
  return [...text.matchAll(DOMAIN)].flatMap((found): Match[] => {
    const local = LOCAL_PART.exec(text.slice(Math.max(0, found.index - 64), found.index))?.[0];
    const isNobody = local === undefined || NOBODY.test(local) || NO_REPLY_DOMAIN.test(found[0]);
    if (isNobody || NO_DOMAIN.test(found.groups?.["last"] ?? "")) return [];
    return [{ rule: "email", start: found.index - local.length, end: found.index + found[0].length }];
  });
};

const findInternational = createFinder("phone", INTERNATIONAL_PHONE, (value, start, text) =>
  isInternational(value, text[start - 1]),
);
const findNational = createFinder("phone", NATIONAL_PHONE);

/** Finds telephone numbers that are written as such; plain runs of digits are not. */
export const findPhones: Detector = (text) => [...findInternational(text), ...findNational(text)];

/** E.164: 15 digits at most; shorter than 8 are no numbers that reach anybody from abroad. */
function isInternational(value: string, before: string | undefined): boolean {
  const digits = value.replaceAll(/\D/g, "").length;
  const isDiff = before === "\n" && !/^\+\d{1,3}[ (-]/.test(value);
  const isDate = /^\+(?:19|20)\d\d-?\d\d/.test(value);
  return digits >= 8 && digits <= 15 && !isDiff && !isDate;
}
