/** What a guest's console said of one check. */
export type CheckReport = { readonly name: string; readonly status: number; readonly lines: readonly string[] };

const DONE = "@done";

/**
 * Reads what a guest of the comparison printed.
 * @throws Error where the guest did not come to its end, or a check's lines are not whole
 */
export function readGuestReport(console: string): readonly CheckReport[] {
  const lines = console.split(/\r*\n/);
  const end = lines.indexOf(DONE);
  if (end < 0)
    throw new Error(`expected a line ${DONE}; the guest's console ended with:\n${lines.slice(-20).join("\n")}`);
  const reports: CheckReport[] = [];
  let begun: { readonly name: string; readonly lines: string[] } | undefined;
  for (const line of lines.slice(0, end)) {
    const [word, name = "", status] = line.split(" ");
    if (word === "@begin" && begun === undefined) begun = { name, lines: [] };
    else if (word === "@end" && begun?.name === name) {
      reports.push({ ...begun, status: Number(status) });
      begun = undefined;
    } else begun?.lines.push(line);
  }
  if (begun !== undefined) throw new Error(`the check ${begun.name} has no end`);
  return reports;
}

/** A line that two guests disagree about; `line` counts from 1. */
export type Difference = {
  readonly check: string;
  readonly line: number;
  readonly expected: string;
  readonly actual: string;
};

/** Compares two reports line by line. @returns the first difference of each check; none where they are equal to the byte */
export function compareReports(
  expected: readonly CheckReport[],
  actual: readonly CheckReport[],
): readonly Difference[] {
  const names = [...new Set([...expected, ...actual].map(({ name }) => name))];
  return names.flatMap((check) => {
    const [one, other] = [textOf(expected, check), textOf(actual, check)];
    const at = Array.from({ length: Math.max(one.length, other.length) }, (_, index) => index).find(
      (index) => one[index] !== other[index],
    );
    if (at === undefined) return [];
    return [{ check, line: at + 1, expected: one[at] ?? "nothing", actual: other[at] ?? "nothing" }];
  });
}

function textOf(reports: readonly CheckReport[], check: string): readonly string[] {
  const report = reports.find(({ name }) => name === check);
  return report === undefined ? [] : [...report.lines, `status ${report.status}`];
}
