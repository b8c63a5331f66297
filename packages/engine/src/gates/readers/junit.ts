import type { TestStatus } from "@cloister/core";
import { XMLParser } from "fast-xml-parser";
import { z } from "zod";
import { createTally, type Tally, type TestReader } from "./tally.ts";

const MAX_DEPTH = 50;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** An element: attributes start with `@`, children are arrays. Everything else is read with care. */
const Element = z.record(z.string(), z.unknown());
type Element = z.infer<typeof Element>;

/** JUnit XML, as a file or within other output. Entities and DTDs are not expanded. */
export const readJunit: TestReader = (output) => {
  const start = output.search(/<testsuites?[\s>/]/);
  const end = Math.max(output.lastIndexOf("</testsuites>"), output.lastIndexOf("</testsuite>"));
  if (start === -1) return undefined;
  const xml = output.slice(start, end === -1 ? undefined : output.indexOf(">", end) + 1);
  const root = parse(xml.replaceAll(/<\?xml[^>]{0,200}\?>/g, ""));
  if (root === undefined) return undefined;
  const tally = createTally("junit");
  collect(root, 0, tally);
  return tally.toResults();
};

function parse(xml: string): Element | undefined {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    processEntities: false,
    parseTagValue: false,
    parseAttributeValue: false,
    isArray: (name) => ["testsuites", "testsuite", "testcase"].includes(name),
  });
  try {
    return Element.safeParse(parser.parse(xml)).data;
  } catch {
    return undefined; // It only looked like XML: then it is not this reader's.
  }
}

function collect(element: Element, depth: number, tally: Tally): void {
  if (depth > MAX_DEPTH) return;
  for (const test of children(element, "testcase")) tally.add(toName(test), toStatus(test));
  for (const name of ["testsuites", "testsuite"]) {
    for (const suite of children(element, name)) collect(suite, depth + 1, tally);
  }
}

function children(element: Element, name: string): Element[] {
  const found = element[name];
  return Array.isArray(found) ? found.map((each) => Element.safeParse(each).data ?? {}) : [];
}

function toName(test: Element): string {
  const parts = [test["@classname"], test["@name"]].filter((part) => typeof part === "string" && part !== "");
  return parts.map((part) => decode(String(part))).join(" > ");
}

function toStatus(test: Element): TestStatus {
  if ("failure" in test || "error" in test) return "failed";
  return "skipped" in test ? "skipped" : "passed";
}

function decode(text: string): string {
  return text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}
