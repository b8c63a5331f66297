/** A queue between callbacks that bring values and one reader. */
export type EventQueue<Value> = {
  /** Adds values. Ignored once closed. */
  readonly push: (...values: readonly Value[]) => void;
  /** No more values come: the reader ends when it has taken what is there. */
  readonly close: () => void;
  /** Resolves when the reader has taken all, or is gone. Who brings values from outside waits for it, so that the queue stays short. */
  readonly drained: () => Promise<void>;
  /** The values as they come. For one reader. */
  readonly values: () => AsyncGenerator<Value, void, void>;
};

/** An empty, open queue. */
export function createEventQueue<Value>(): EventQueue<Value> {
  const queued: Value[] = [];
  let closed = false;
  let arrival = Promise.withResolvers<void>();
  let drain = Promise.withResolvers<void>();
  const close = (): void => {
    closed = true;
    arrival.resolve();
  };
  return {
    push(...values) {
      if (closed) return;
      queued.push(...values);
      arrival.resolve();
    },
    close,
    drained: () => (queued.length === 0 || closed ? Promise.resolve() : drain.promise),
    async *values() {
      try {
        for (;;) {
          while (queued.length > 0) yield* queued.splice(0);
          drain.resolve();
          drain = Promise.withResolvers();
          if (closed) return;
          await arrival.promise;
          arrival = Promise.withResolvers();
        }
      } finally {
        close();
        drain.resolve();
      }
    },
  };
}
