import type { Period } from "@cloister/core";

/** The day and month of a time on this machine's clock and in its time zone. @param time as a Date, ms since the epoch or ISO text. */
export function periodOf(time: Date | number | string): Period {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  const month = `${date.getFullYear()}-${two(date.getMonth() + 1)}`;
  return { day: `${month}-${two(date.getDate())}`, month };
}
