/** UTF-8 by means of ECMAScript alone, which has it for the sake of addresses. */

/** Bytes of a text. Halves of surrogate pairs become the replacement character. */
export function encodeText(text: string): Uint8Array {
  const escaped = encodeURIComponent(text.toWellFormed());
  return Uint8Array.from(escaped.matchAll(/%([0-9A-F]{2})|./gu), ([character, hexadecimal]) =>
    hexadecimal === undefined ? character.charCodeAt(0) : Number.parseInt(hexadecimal, 16),
  );
}

/** A text from its bytes. @returns undefined where they are no UTF-8 */
export function decodeText(bytes: Uint8Array): string | undefined {
  const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  try {
    return decodeURIComponent(escaped);
  } catch {
    // Its only failure: what is escaped is no UTF-8.
    return undefined;
  }
}
