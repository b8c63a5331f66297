const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/gy;

/**
 * Reads a duration: `90s`, `1h30m`, `250ms`, or a bare number of seconds.
 * @returns milliseconds, or undefined where `text` is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  let total = 0;
  let end = 0;
  for (const match of trimmed.matchAll(PART)) {
    total += Number(match[1]) * (UNITS[match[2] ?? ""] ?? 0);
    end = match.index + match[0].length;
  }
  return end > 0 && end === trimmed.length ? total : undefined;
}

/** Formats milliseconds for people: `1h 05m`, `2m 03s`, `4.2s`, `12ms`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)}s`;
  const minutes = Math.floor(milliseconds / 60_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (minutes < 60) return `${minutes}m ${two(Math.floor((milliseconds % 60_000) / 1000))}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}
