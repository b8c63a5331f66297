/** Blocks that are compressed or expanded at the same time: some for each thread of the host's pool. */
const TOGETHER = 16;

/** As `Promise.all` of a map, but for some of them at a time. */
export async function mapTogether<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await map(item, index);
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return results;
}
