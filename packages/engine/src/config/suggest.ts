/** The name of `known` that `name` was most likely meant to be, or undefined where none is close. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const limit = wanted.length <= 3 ? 1 : 2;
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** A sentence for an unknown name: what it may have been meant to be, and what is known. */
export function describeUnknown(name: string, known: readonly string[]): string {
  const meant = suggest(name, known);
  const hint = meant === undefined ? "" : ` Did you mean \`${meant}\`?`;
  return `expected one of ${known.join(", ")}; found \`${name.slice(0, 60)}\`.${hint}`;
}

/** Case and separators don't count: `max-cost` and `max_cost` are `maxCost`. */
function plain(name: string): string {
  return name.slice(0, 64).replaceAll(/[-_ ]/g, "").toLowerCase();
}

/** Insertions, deletions and replacements from `left` to `right`. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
