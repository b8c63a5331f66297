const DAY_MS = 86_400_000;
const DURATION_UNITS: Readonly<Record<string, number>> = { d: DAY_MS, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Later times are no limit's end but a misreading. */
const FURTHEST_MS = 32 * DAY_MS;

/**
 * Finds in an error message when a limit lifts: a duration (`try again in 1h 5m`, `retry after 30`), an instant
 * (`limit reached|1795226401`, ISO 8601), or a time of day (`resets 3pm (Europe/London)`, `try again at Nov 25th, 2026 3:04 PM`).
 * A time of day without a zone is one of this host.
 * @param now ms since the epoch.
 * @returns ms since the epoch, or undefined where nothing is said that lies in the next 32 days.
 */
export function parseResetTime(message: string, now: number): number | undefined {
  const found = findInstant(message) ?? findDuration(message, now) ?? findTimeOfDay(message, now);
  return found !== undefined && found >= now && found <= now + FURTHEST_MS ? found : undefined;
}

function findInstant(message: string): number | undefined {
  const epoch = /(?:\||reset\w*["':=\s]{1,6}(?:at\s)?)(\d{10})\b/i.exec(message)?.[1];
  if (epoch !== undefined) return Number(epoch) * 1000;
  const iso = /\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)/.exec(message)?.[0];
  return iso === undefined ? undefined : Date.parse(iso);
}

function findDuration(message: string, now: number): number | undefined {
  const text =
    /(?:again in|retry in|retry.after["':=\s]|reset\w* (?:in|after)|wait)\s*([\d.]+\s*[a-z]*(?:[\s,]*[\d.]+\s*[a-z]+)*)/i;
  const said = text.exec(message)?.[1];
  if (said === undefined) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of said.matchAll(/([\d.]+)\s*([a-z]*)/gi)) total += Number(amount) * toUnit(unit);
  return Number.isFinite(total) ? now + Math.round(total) : undefined;
}

/** Milliseconds of a unit by its first letter; bare numbers are seconds, as in a `Retry-After` header. */
function toUnit(name: string): number {
  const unit = name.toLowerCase();
  return DURATION_UNITS[unit.startsWith("ms") || unit.startsWith("milli") ? "ms" : unit.slice(0, 1)] ?? 1000;
}

const TIME_OF_DAY = new RegExp(
  [
    String.raw`(?:resets?|try again|available)\s+(?:at\s+|on\s+)?`,
    String.raw`(?:(?<month>[a-z]{3})[a-z]*\s+(?<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?:\d{4},?\s+)?(?:at\s+)?)?`,
    String.raw`(?<hour>\d{1,2})(?::(?<minute>\d\d))?\s*(?<half>[ap]m)?\b(?:\s*\((?<zone>[\w/+-]+)\))?`,
  ].join(""),
  "i",
);

function findTimeOfDay(message: string, now: number): number | undefined {
  const said = TIME_OF_DAY.exec(message)?.groups;
  // A bare number is no time of day: "resets 3 times".
  if (said === undefined || (said["half"] === undefined && said["minute"] === undefined)) return undefined;
  const here = readClock(now, said["zone"]);
  if (here === undefined) return undefined;
  const wanted = readMinuteOfDay(said);
  const nextDay = wanted > here.minuteOfDay ? 0 : 1;
  const days = said["month"] === undefined ? nextDay : daysUntil(here, said["month"], Number(said["day"]));
  const minutes = wanted - here.minuteOfDay + days * 1440;
  // To the minute; a change to or from summer time in between is not reckoned with.
  return (Math.floor(now / 60_000) + minutes) * 60_000;
}

function readMinuteOfDay({ hour, minute = "0", half }: Readonly<Record<string, string>>): number {
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === "pm" ? 12 : 0);
  return hours * 60 + Number(minute);
}

type Clock = { readonly year: number; readonly month: number; readonly day: number; readonly minuteOfDay: number };

/** What clock and calendar show at `now` in `zone`; undefined where there is no such zone. */
function readClock(now: number, zone: string | undefined): Clock | undefined {
  try {
    const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" } as const;
    const format = new Intl.DateTimeFormat("en", { ...numeric, hourCycle: "h23", timeZone: zone });
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { year, month: month - 1, day, minuteOfDay: hour * 60 + minute };
  } catch {
    return undefined; // RangeError: the message names a zone that does not exist.
  }
}

/** Days from `here` to a date without a year: the next one there is. Not a number where there is no such month. */
function daysUntil(here: Clock, monthName: string, day: number): number {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  if (month < 0) return Number.NaN;
  const year = month < here.month ? here.year + 1 : here.year;
  return Math.round((Date.UTC(year, month, day) - Date.UTC(here.year, here.month, here.day)) / DAY_MS);
}
