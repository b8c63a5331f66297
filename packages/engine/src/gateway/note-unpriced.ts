import type { GatewayObserver } from "./port.ts";

/** Says once for each model that it has no price, and what it is charged for instead. */
export function noteUnpriced(notify: (line: string) => void): GatewayObserver {
  const told = new Set<string>();
  return {
    settled({ settled: { model, priceFrom, completeness } }) {
      if (priceFrom !== "dearest" || completeness === "lost" || told.has(model)) return;
      told.add(model);
      notify(
        `No price is known for ${model}: it is charged like its provider's dearest model. Set gateway.prices to change that.`,
      );
    },
  };
}
