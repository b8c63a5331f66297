/** A number with its noun: `1 task`, `2 tasks`. Numbers from a thousand on are grouped. */
export function describeCount(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : plural}`;
}
