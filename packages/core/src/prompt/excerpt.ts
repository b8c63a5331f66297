/** Cuts `text` to at most `limit` characters, keeping head and tail, and says how much is missing. */
export function excerpt(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = `\n… ${text.length - limit} characters left out …\n`;
  const room = Math.max(0, limit - note.length);
  const head = Math.floor(room / 3);
  return text.slice(0, head) + note + text.slice(text.length - (room - head));
}

/** Cuts `text` to at most `limit` characters from its end, at a line break where there is one. */
export function tail(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(text.length - limit);
  const line = cut.indexOf("\n");
  return line === -1 ? cut : cut.slice(line + 1);
}

/** Puts hostile text into a fence that it can't close. */
export function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = "`".repeat(longest + 1);
  return `${marks}\n${text.trimEnd()}\n${marks}`;
}
