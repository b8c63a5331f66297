import type { RequestKey } from "./request-key.ts";

/** A recorded exchange, without its bytes. */
export type IndexedExchange = {
  /** Which cassette it is in, from 0, and where. */
  readonly cassette: number;
  readonly offset: number;
  /** ms since 1970. */
  readonly time: number;
  readonly key: RequestKey;
};

/** Finds the exchange that answers a request. Each answers once, but for those that are repeatable. */
export type ExchangeMatcher = {
  /** The conversation decides; where none is the same, the order among requests of the same shape. */
  take(key: RequestKey): { readonly exchange: IndexedExchange; readonly isExact: boolean } | undefined;
  /** The exchange that would have come next; undefined where all are used. */
  next(): IndexedExchange | undefined;
};

/** @param exchanges in the order in which their requests came, cassette by cassette. */
export function createExchangeMatcher(exchanges: readonly IndexedExchange[]): ExchangeMatcher {
  const byFingerprint = Map.groupBy(exchanges, ({ key }) => key.fingerprint);
  const byShape = Map.groupBy(exchanges, ({ key }) => key.shape);
  const used = new Set<IndexedExchange>();
  let current = 0;

  /** The first that is left in the iteration under way or a later one, else in an earlier one. */
  const firstOf = (candidates: readonly IndexedExchange[]): IndexedExchange | undefined => {
    const left = candidates.filter((exchange) => !used.has(exchange));
    return left.find(({ cassette }) => cassette >= current) ?? left[0];
  };

  return {
    take(key) {
      const same = byFingerprint.get(key.fingerprint) ?? [];
      const exact = firstOf(same) ?? (key.isRepeatable ? same.at(-1) : undefined);
      const exchange = exact ?? firstOf(byShape.get(key.shape) ?? []);
      if (exchange === undefined) return undefined;
      used.add(exchange);
      current = exchange.cassette;
      return { exchange, isExact: exact !== undefined };
    },
    next: () => firstOf(exchanges),
  };
}
