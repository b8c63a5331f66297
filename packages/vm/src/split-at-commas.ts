/**
 * Splits the value of an option at its commas; two in a row are one that belongs to the text.
 * @returns at least one part, each as it is meant
 */
export function splitAtCommas(text: string): readonly string[] {
  // No file's name has a NUL.
  return text
    .replaceAll(",,", "\0")
    .split(",")
    .map((part) => part.replaceAll("\0", ","));
}
