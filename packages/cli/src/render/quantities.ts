/** Numbers and times as people read them. */

const THOUSAND = 1000;

/** Tokens, rounded: `812`, `3.2k`, `1.3M`. */
export function describeTokens(tokens: number): string {
  if (tokens < THOUSAND) return String(tokens);
  const thousands = tokens / THOUSAND;
  if (thousands < 999.95) return `${thousands.toFixed(1)}k`;
  return `${(thousands / THOUSAND).toFixed(1)}M`;
}

/** The local time of day of `time` (ms since the epoch): `14:03:09`. */
export function describeClock(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** The local date and time of `time` (ms since the epoch), to the minute: `2025-11-21 14:03`. */
export function describeDate(time: number): string {
  const date = new Date(time);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${day.join("-")} ${describeClock(time).slice(0, 5)}`;
}
