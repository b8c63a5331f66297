import type { Period } from "@cloister/core";

/** The day and month that `date` falls on by the user's clock. */
export function toPeriod(date: Date): Period {
  const month = `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}`;
  return { month, day: `${month}-${twoDigits(date.getDate())}` };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
