import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildReport, RunScript, scriptCharter, scriptTask, type Report } from "@cloister/core";
import { marked, type Token } from "marked";
import { toHtmlText } from "./html-text.ts";
import { toMarkdownText } from "./markdown-text.ts";
import { renderHtml } from "./render-html.ts";
import { renderMarkdown } from "./render-markdown.ts";

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
  "https://evil.example www.evil.example @everyone #1",
  "```\n````\n~~~\n# Heading\n| a | b |\n</pre></blockquote>",
  "# Heading",
  "--- \n=== ",
  "1. item",
  "&lt;b&gt; <!-- hidden",
];

/** A report with hostile text wherever somebody else's text can get in. */
function hostileReport(text: string): Report {
  const charter = scriptCharter([scriptTask("one", { title: text }), scriptTask("two", { title: text })], {
    gates: [{ name: text, command: text }],
    planFile: text,
    branch: text,
  });
  const script = new RunScript({ ...charter, plan: { ...charter.plan, title: text } })
    .iterate({
      task: "one",
      claimed: true,
      finalMessage: `${HOSTILE.join("\n")}\n${text}`,
      change: { files: 1, insertions: 2, deletions: 0 },
      gates: [{ gate: text, outcome: "failed", newFailures: [text] }],
      findings: [{ name: "secret_added", message: text, file: text, line: 3 }],
    })
    .iterate({ task: "two", outcome: { type: "failed", failure: "crash", message: text } });
  return buildReport(script.add({ type: "run_ended", reason: "stalled", detail: text }).events);
}

function tokensOf(markdown: string): Token[] {
  const all: Token[] = [];
  marked.walkTokens(marked.lexer(markdown), (token) => void all.push(token));
  return all;
}

describe("a rendered report", () => {
  for (const text of HOSTILE) {
    it(`keeps hostile text inert in Markdown: ${JSON.stringify(text)}`, () => {
      const tokens = tokensOf(renderMarkdown(hostileReport(text)));
      const links = tokens.flatMap((token) => (token.type === "link" ? [String(token.href)] : []));
      assert.deepEqual(
        links.filter((href) => !/^#e\d+$/.test(href)),
        [],
      );
      assert.deepEqual(
        tokens.filter(({ type }) => type === "image"),
        [],
      );
      const html = tokens.filter(({ type }) => type === "html").map(({ raw }) => raw.trim());
      assert.deepEqual(
        html.filter((raw) => !/^(<a id="[a-z0-9]+">)?(<\/a>)?$/.test(raw)),
        [],
      );
      const headings = tokens.filter(
        ({ type, ...token }) => type === "heading" && "depth" in token && token.depth === 1,
      );
      assert.equal(headings.length, 1);
    });

    it(`keeps hostile text inert in HTML: ${JSON.stringify(text)}`, () => {
      const page = renderHtml(hostileReport(text));
      const tags = new Set([...page.matchAll(/<([a-z]+)/g)].map(([, name]) => name));
      for (const forbidden of ["script", "img", "iframe", "form", "object", "link", "b"])
        assert.ok(!tags.has(forbidden), forbidden);
      assert.deepEqual(
        [...page.matchAll(/href="([^#"][^"]*)"/g)].map(([, href]) => href),
        [],
      );
      assert.doesNotMatch(page, /<[^>]*\son[a-z]+=[^>]*>/);
    });
  }

  it("points every reference at an event that is listed", () => {
    const report = hostileReport("text");
    for (const rendered of [renderHtml(report), renderMarkdown(report)]) {
      const anchors = new Set([...rendered.matchAll(/id="(e\d+)"/g)].map(([, id]) => id));
      const references = [...rendered.matchAll(/(?:href="|\]: )#(e\d+)/g)].map(([, id]) => id);
      assert.ok(references.length > 10);
      assert.deepEqual(
        references.filter((id) => !anchors.has(id)),
        [],
      );
    }
  });

  it("says the same in both forms", () => {
    const report = hostileReport("text");
    const plain = renderMarkdown(report);
    const page = renderHtml(report);
    for (const { value } of report.summary) {
      assert.ok(plain.includes(toMarkdownText(value)), value);
      assert.ok(page.includes(toHtmlText(value)), value);
    }
  });

  it("forbids the page everything but its own style", () => {
    const page = renderHtml(hostileReport("text"));
    assert.match(
      page,
      /content="default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'"/,
    );
    assert.equal(page.match(/ style="/g), null);
  });

  it("draws each iteration in the page", () => {
    const page = renderHtml(hostileReport("text"));
    assert.match(page, /<title>Iteration 1 \(one, implement\): rejected, 1m 00s<\/title>/);
    assert.match(page, /<title>Iteration 2: \$0\.00<\/title>/);
  });
});
