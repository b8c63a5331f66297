import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger, type Logger, type LoggerOptions } from "./logger.ts";

/** What `use` writes, as parsed lines without their time. */
async function logged(use: (logger: Logger) => void, options: Partial<LoggerOptions> = {}): Promise<unknown[]> {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  use(await createLogger({ stream, level: "info", ...options }));
  return lines.map((line) => {
    assert.match(line, /^\{.*\}\n$/u);
    const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
    assert.ok(!Number.isNaN(Date.parse(String(time))));
    return rest;
  });
}

test("a line holds level, message and fields", async () => {
  assert.deepEqual(await logged((logger) => logger.warn("slow\nanswer", { ms: 12, wire: "gemini" })), [
    { level: "warn", msg: "slow\nanswer", ms: 12, wire: "gemini" },
  ]);
});

test("what is below the level is left out", async () => {
  const lines = await logged(
    (logger) => {
      logger.debug("no");
      logger.info("no");
      logger.error("yes");
    },
    { level: "error" },
  );
  assert.deepEqual(lines, [{ level: "error", msg: "yes" }]);
});

test("a trace's context is written as ids, by children too; a malformed one is left out", async () => {
  const traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
  const lines = await logged((logger) => {
    logger.child({ run: "r-1", traceparent }).info("a", { request: "q-1" });
    logger.info("b", { traceparent: "x" });
  });
  assert.deepEqual(lines, [
    { level: "info", msg: "a", run: "r-1", request: "q-1", trace_id: "1".repeat(32), span_id: "2".repeat(16) },
    { level: "info", msg: "b" },
  ]);
});

test("messages and fields are redacted, and the line stays JSON", async () => {
  const redact = (text: string): string => text.replaceAll(/sk-[^ ]*/gu, '"***"');
  const lines = await logged(
    (logger) => logger.child({ bound: "sk-1" }).info("key sk-2 seen", { where: "x sk-3", count: 1 }),
    { redact },
  );
  assert.deepEqual(lines, [{ level: "info", msg: 'key "***" seen', bound: '"***"', where: 'x "***"', count: 1 }]);
});

test("a text of any length is cut, after it was redacted", async () => {
  const redact = (text: string): string => text.replaceAll("secret", "");
  const [line] = await logged((logger) => logger.info(`${"x".repeat(3998)}secret${"y".repeat(100_000)}`), { redact });
  assert.deepEqual(line, { level: "info", msg: `${"x".repeat(3998)}yy` });
});
