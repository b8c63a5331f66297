import { describeCount, describeMoney, type Report } from "@cloister/core";
import { cell, refs } from "./cells.ts";
import { columns, section, type Line, type Section } from "./document.ts";

/** Money and tokens, and who says so. */
export function spendSection({ cost, tokens }: Report): Section {
  const { gateway, agent, priced, unknown } = cost.sources;
  const sources: Line[] = [
    ["Metered by the gateway, request by request:", describeCount(gateway.value, "iteration"), refs(gateway.evidence)],
    ["By the agent's own figure (a claim):", describeCount(agent.value, "iteration"), refs(agent.evidence)],
    ["Priced from tokens:", describeCount(priced.value, "iteration"), refs(priced.evidence)],
    ["Unknown:", describeCount(unknown.value, "iteration"), refs(unknown.evidence)],
  ];
  const kinds = [
    ["Input, not cached", tokens.input],
    ["Read from cache", tokens.cacheRead],
    ["Written to cache", tokens.cacheWrite],
    ["Output, reasoning included", tokens.output],
    ["of it reasoning", tokens.reasoning],
    ["All", tokens.total],
  ] as const;
  const total = cost.complete.value ? "Cost:" : "Cost, too low because some of it is unknown:";
  return section(
    "spend",
    "Cost and tokens",
    { type: "chart", chart: "spend" },
    { type: "text", line: [total, describeMoney(cost.total.value), refs(cost.total.evidence)] },
    { type: "list", items: sources },
    {
      type: "table",
      columns: columns("Tokens", "#Count"),
      rows: kinds.map(([kind, count]) => [[kind], cell(count, (value) => value.toLocaleString("en-US"))]),
    },
  );
}
