import { createFinder, createMatcher } from "./create-finder.ts";
import type { Detector, Match } from "./finding.ts";

/** Lengths by country, from the IBAN registry (ISO 13616). */
const IBAN_LENGTHS: ReadonlyMap<string, number> = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 " +
    "FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 " +
    "LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 " +
    "SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const findIbanStarts = createMatcher(/(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?=[ -]?[A-Z0-9])/g);
/** The longest IBAN, with a space after each character that may have one. */
const MAX_IBAN = 48;

/** Leading digits and lengths of card numbers (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, Diners, UnionPay. */
const CARD_ISSUER =
  /^(?:4\d{12}(?:\d{3}){0,2}|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|3[47]\d{13}|(?:6011|64[4-9]\d|65\d{2})\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|62\d{14,17})$/;
/** In fours, or as American Express and Diners write them. It begins with a digit, and looks back from there: that is half the work. */
const CARD =
  /\d(?<=(?<![\w.,/+-])\d)(?:\d{3}(?:(?<gap>[ -]?)\d{4}){2}\k<gap>\d{1,7}|\d{3}(?<space>[ -])\d{6}\k<space>\d{4,5})(?![\w/]|[.,-]\d)/dg;

/** Finds international bank account numbers whose check digits are right. */
export const findIbans: Detector = (text) =>
  findIbanStarts(text).flatMap(({ index, 0: start }): Match[] => {
    const length = IBAN_LENGTHS.get(start.slice(0, 2));
    const end = length === undefined ? undefined : endOfCharacters(text, index, length);
    if (end === undefined || !isIban(text.slice(index, end))) return [];
    return [{ rule: "iban", start: index, end }];
  });

/** Where `count` letters and digits end, with single spaces or hyphens between them; undefined where there are fewer or more. */
function endOfCharacters(text: string, start: number, count: number): number | undefined {
  let [left, at] = [count, start];
  for (; left > 0 && at < start + MAX_IBAN; at += 1) {
    const character = text[at] ?? "";
    if (/[A-Z0-9]/.test(character)) left -= 1;
    else if (!/[ -]/.test(character) || /[ -]/.test(text[at - 1] ?? "")) return undefined;
  }
  return left > 0 || /[A-Za-z0-9]/.test(text[at] ?? "") ? undefined : at;
}

/** ISO 7064, modulo 97: letters count as 10 to 35. */
function isIban(text: string): boolean {
  const plain = text.replaceAll(/[ -]/g, "");
  const rearranged = plain.slice(4) + plain.slice(0, 4);
  let rest = 0;
  for (const character of rearranged) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97;
  return rest === 1;
}

/** Finds numbers of payment cards whose check digit is right. */
export const findCards: Detector = createFinder("card", CARD, (value) => {
  const digits = value.replaceAll(/\D/g, "");
  return CARD_ISSUER.test(digits) && isLuhn(digits);
});

/** ISO/IEC 7812-1, annex B. */
function isLuhn(digits: string): boolean {
  const sum = Array.from(digits)
    .toReversed()
    .reduce((total, digit, index) => {
      const doubled = Number(digit) * (index % 2 === 0 ? 1 : 2);
      return total + (doubled > 9 ? doubled - 9 : doubled);
    }, 0);
  return sum % 10 === 0;
}
