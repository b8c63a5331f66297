/** What `act` gives within `limitMs`, else `late`. What it gives later, or why it failed later, is dropped. */
export async function within<Value, Late>(limitMs: number, act: Promise<Value>, late: Late): Promise<Value | Late> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Late>((resolve) => {
    timer = setTimeout(() => resolve(late), limitMs);
  });
  try {
    return await Promise.race([act, limit]);
  } finally {
    clearTimeout(timer);
  }
}
