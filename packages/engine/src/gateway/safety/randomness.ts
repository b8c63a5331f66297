/** What people write where a key would stand. */
const PLACEHOLDER = /example|placeholder|redacted|dummy|fake|your[-_]|changeme|x{4}|\.{3}|1234567890|abcdef/i;

/**
 * Tells whether `text` looks drawn at random, as keys are, rather than written by a person.
 * @param minimum Shannon entropy in bits a character: about 3 for any key, 3.7 for long mixed ones.
 */
export function isRandom(text: string, minimum: number): boolean {
  return !PLACEHOLDER.test(text) && entropyOf(text) >= minimum;
}

/** Shannon entropy of `text`, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
