import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { normaliseText } from "./normalise-text.ts";

const CASES: readonly { readonly what: string; readonly texts: readonly string[]; readonly become: string }[] = [
  { what: "dates", texts: ["on 2026-11-21.", "on 2027-01-02."], become: "on <date>." },
  {
    what: "times with zones",
    texts: ["2026-11-21T05:38:53.123Z x", "2026-11-21 05:38:53 +0100 x"],
    become: "<date> x",
  },
  {
    what: "dates in words",
    texts: ["Nov 21, 2026", "November 3rd, 2027", "3 Jan 2027", "11/21/2026"],
    become: "<date>",
  },
  { what: "weekdays", texts: ["Today is Saturday", "Today is Wednesday"], become: "Today is <date>" },
  { what: "clocks", texts: ["at 05:38", "at 17:38:53.2", "at 5:38 PM"], become: "at <time>" },
  { what: "durations", texts: ["took 12ms", "took 0.5 s", "took 3 seconds"], become: "took <duration>" },
  {
    what: "durations of node:test",
    texts: ["# duration_ms 53.1", "# duration_ms 7"],
    become: "# duration_ms <duration>",
  },
  { what: "absolute paths", texts: ['"/tmp/run-a1/work"', '"/home/me/x"'], become: '"<path>"' },
  { what: "paths of Windows", texts: ["cd C:\\Users\\me", "cd D:\\work"], become: "cd <path>" },
  { what: "local addresses", texts: ["http://127.0.0.1:41234", "http://localhost:80"], become: "http://<loopback>" },
  { what: "ids", texts: ["id 0f8fad5b-d9cb-469f-a165-70867728950e", "id session_01AbCdEf"], become: "id <id>" },
  {
    what: "hashes of commits",
    texts: ["commit 6f1c2d3 done", "commit 0123456789abcdef0123456789abcdef01234567 done"],
    become: "commit <id> done",
  },
];

const KEPT: readonly string[] = [
  "src/a.ts and ./b.ts and/or ../c.ts",
  "May I? Sunny days, March on; monday is a word",
  "version 1.2.3, exit code 127, 3 of 12 passed",
  "defaced facade effaced",
  "https://example.org/a/b?c",
];

suite("normalising a text", () => {
  for (const { what, texts, become } of CASES) {
    test(`makes ${what} the same`, () =>
      assert.deepEqual(
        texts.map(normaliseText),
        texts.map(() => become),
      ));
  }

  for (const text of KEPT) test(`keeps "${text}"`, () => assert.equal(normaliseText(text), text));

  const slow = ["/", "a/", "1", "a", "0-", "1:", "Mon ", "Nov 1 ", "C:\\", "127.0.0.", "1.1", "abcdef"];
  for (const piece of slow) {
    test(`takes linear time for many times "${piece}"`, () => {
      const startedAt = performance.now();
      normaliseText(piece.repeat(Math.ceil(300_000 / piece.length)));
      assert.ok(performance.now() - startedAt < 2000);
    });
  }
});
