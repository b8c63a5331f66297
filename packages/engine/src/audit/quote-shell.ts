/** A word for a POSIX shell: what it stands for is hostile, and the command is shown to a person to run. */
export function quoteShell(word: string): string {
  if (/^[A-Za-z0-9_./@%+=:,][A-Za-z0-9_./@%+=:,-]*$/.test(word)) return word;
  const path = word.startsWith("-") ? `./${word}` : word;
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
