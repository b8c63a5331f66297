/**
 * Cuts `text` to at most `limit` UTF-16 units, so that what is kept of a request or an output stays bounded.
 * Keeps the beginning, and says how much is gone.
 */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit)}… (${text.length - limit} more)`;
}
