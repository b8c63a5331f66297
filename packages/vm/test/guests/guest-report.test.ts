import { deepEqual, throws } from "node:assert/strict";
import { test } from "node:test";
import { compareReports, readGuestReport } from "./guest-report.ts";

const SAID = "firmware\r\n@begin one\r\n1 2\r\n\r\n@end one 0\r\n@begin two\r\n@end two 3\r\n@done\r\n[ 1.0] reboot";

test("what a guest said of each check is read from its console", () => {
  deepEqual(readGuestReport(SAID), [
    { name: "one", status: 0, lines: ["1 2", ""] },
    { name: "two", status: 3, lines: [] },
  ]);
});

for (const [what, console, message] of [
  ["without its end", "@begin one\n@end one 0\n", /expected a line @done/],
  ["with a check that has none", "@begin one\n@begin two\n@end two 0\n@done\n", /the check one has no end/],
] as const)
  test(`a console ${what} is no report`, () => {
    throws(() => readGuestReport(console), message);
  });

test("two reports differ in the first line that is not the same, in a status, or where a check is missing", () => {
  const expected = readGuestReport(SAID);
  deepEqual(compareReports(expected, expected), []);
  deepEqual(compareReports(expected, readGuestReport(SAID.replace("1 2", "1 3").replace("two 3", "two 4"))), [
    { check: "one", line: 1, expected: "1 2", actual: "1 3" },
    { check: "two", line: 1, expected: "status 3", actual: "status 4" },
  ]);
  deepEqual(compareReports(expected.slice(1), expected), [
    { check: "one", line: 1, expected: "nothing", actual: "1 2" },
  ]);
});
