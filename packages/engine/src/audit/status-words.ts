const DONE = /\b(?:DONE|COMPLETED?|FINISHED|FIXED|RESOLVED|VERIFIED|ACCOMPLISHED|SUCCESS(?:FUL)?)\b/;
const NOT_DONE = /\b(?:NOT|PENDING|IN PROGRESS|INCOMPLETE|PARTIAL\w*|READY|TODO|NEEDS?|DESIGN)\b/i;
const GRAND =
  /\bproduction[- ]ready\b|\bready for production\b|\bmission accomplished\b|\bfully (?:complete|functional|implemented|working)\b|\bsuccessfully (?:completed|implemented)\b|\bbug[- ]free\b|\bbattle[- ]tested\b/i;
/** A ready-made phrase at the start of a cell or after a label: `Status: Complete`, `✅ Complete`. */
const LABELLED = /(?:\bstatus\b\W{0,6}|✅\s*)(?:done|complete[d]?|finished)\b/i;

/** Tells whether a cell of a status column says that the task is done. */
export function isDone(cell: string): boolean {
  return (DONE.test(cell.toUpperCase()) || /✅/.test(cell)) && !NOT_DONE.test(cell);
}

/** The words by which a line says that something is done or ready; undefined where it says nothing of the kind. */
export function statusIn(text: string): string | undefined {
  const match = GRAND.exec(text) ?? LABELLED.exec(text) ?? DONE.exec(text);
  return match === null || NOT_DONE.test(text.replace(GRAND, "")) ? undefined : match[0];
}
