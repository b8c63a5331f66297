import type { TestStatus } from "@cloister/core";
import { z } from "zod";
import { createTally, type TestReader } from "./tally.ts";

const Report = z.object({
  numTotalTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

const STATUS: Readonly<Record<string, TestStatus>> = { passed: "passed", failed: "failed" };

/** The JSON report of jest (`--json`) and vitest (`--reporter=json`): one line among others. */
export const readJestJson: TestReader = (output) => {
  const tally = createTally("jest-json");
  let reports = 0;
  for (const line of output.includes('"numTotalTests"') ? output.split("\n") : []) {
    const report = line.startsWith("{") ? parse(line) : undefined;
    if (report === undefined) continue;
    reports += 1;
    for (const file of report.testResults) {
      for (const test of file.assertionResults) {
        tally.add([file.name, ...test.ancestorTitles, test.title].join(" > "), STATUS[test.status] ?? "skipped");
      }
      if (file.status === "failed" && file.assertionResults.length === 0) tally.note(file.name, "failed");
    }
  }
  return reports === 0 ? undefined : tally.toResults();
};

function parse(line: string): z.infer<typeof Report> | undefined {
  try {
    return Report.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // Not JSON after all, or cut off.
  }
}
