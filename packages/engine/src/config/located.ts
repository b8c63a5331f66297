import { isMap, isNode, isScalar, isSeq, parseDocument, visit, type Document, type Node, type ParsedNode } from "yaml";
import { lineAt, sourceError, type SourceText } from "./source-text.ts";

/** Keys and indices from the top of a document down. */
export type KeyPath = readonly PropertyKey[];
/** A stretch of a source's text: offsets, `end` exclusive. */
export type Span = { readonly start: number; readonly end: number };

/** A value that a user wrote, and where each part of it stands. */
export type Located = {
  readonly value: unknown;
  readonly source: SourceText;
  /** The text of the value at `path` itself; undefined where there is no such value. */
  readonly spanOf: (path: KeyPath) => Span | undefined;
  /** The line of the key or list item at `path`, or of the nearest thing around it. A number also counts the keys of a map. */
  readonly lineOf: (path: KeyPath) => number;
};

/** Longer YAML is refused: nobody writes it by hand, and reading it takes seconds. */
const MAX_YAML_LENGTH = 256 * 1024;

/**
 * Reads YAML 1.2 (core schema), or the part of a source between two offsets.
 * @throws CloisterError with the line where it is not YAML, is too long, or has a key twice.
 */
export function parseYaml(source: SourceText, part: Span = { start: 0, end: source.text.length }): Located {
  const text = source.text.slice(part.start, part.end);
  if (text.length > MAX_YAML_LENGTH) {
    const message = `expected ${MAX_YAML_LENGTH} characters of YAML at most, found ${text.length}.`;
    throw sourceError(source, lineAt(source.text, part.start), { message, remedy: "Shorten it." });
  }
  const document = parseBounded(source, part.start, () =>
    parseDocument(text, { prettyErrors: false, uniqueKeys: false }),
  );
  return locate(source, document, part.start);
}

/**
 * Wraps a parsed document.
 * @throws CloisterError with the line of the first syntax error.
 */
export function locate(source: SourceText, document: Document.Parsed, base: number): Located {
  const [error] = document.errors;
  if (error !== undefined) {
    const line = lineAt(source.text, base + error.pos[0]);
    throw sourceError(source, line, { message: `expected ${languageOf(document)}, found an error: ${error.message}.` });
  }
  parseBounded(source, base, () => refuseSurprises(source, document, base));
  const walk = (path: KeyPath): Step => follow(document.contents, path);
  return {
    value: parseBounded(source, base, () => document.toJS() as unknown),
    source,
    spanOf: (path) => {
      const { node, depth } = walk(path);
      const range = depth === path.length ? node?.range : undefined;
      return range === undefined || range === null ? undefined : { start: base + range[0], end: base + range[1] };
    },
    lineOf: (path) => lineAt(source.text, base + walk(path).offset),
  };
}

/** Refuses keys that stand twice, and aliases: nothing here needs them, and nested ones grow without bound. */
function refuseSurprises(source: SourceText, document: Document.Parsed, base: number): void {
  const fail = (node: unknown, message: string, remedy: string): never => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    throw sourceError(source, lineAt(source.text, base + offset), { message, remedy });
  };
  visit(document, {
    Alias: (_, alias) => fail(alias, "expected a value, found an alias.", "Write the value out."),
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (seen.has(name))
          fail(key, `expected each key once, found \`${name.slice(0, 60)}\` twice.`, "Keep one of them.");
        seen.add(name);
      }
    },
  });
}

/** Turns what the parser throws where nesting exhausts the stack into an error for the user. */
export function parseBounded<Result>(source: SourceText, base: number, parse: () => Result): Result {
  try {
    return parse();
  } catch (error: unknown) {
    if (!(error instanceof RangeError)) throw error;
    const message = "expected plain values, found nesting that is too deep.";
    throw sourceError(source, lineAt(source.text, base), { message, remedy: "Make it flatter." });
  }
}

function languageOf(document: Document.Parsed): string {
  return document.schema.name === "json" ? "JSON" : "YAML";
}

/** How far a path could be followed, what is there, and where that begins. */
type Step = { readonly node: Node | null; readonly depth: number; readonly offset: number };

function follow(contents: ParsedNode | null, path: KeyPath): Step {
  let step: Step = { node: contents, depth: 0, offset: contents?.range[0] ?? 0 };
  for (const key of path) {
    const next = child(step, key);
    if (next === undefined) return step;
    step = next;
  }
  return step;
}

function child({ node, depth }: Step, key: PropertyKey): Step | undefined {
  const position = typeof key === "number" ? key : -1;
  if (isSeq(node)) {
    const item = node.items[position] as Node | undefined;
    return item === undefined ? undefined : { node: item, depth: depth + 1, offset: item.range?.[0] ?? 0 };
  }
  if (!isMap(node)) return undefined;
  const named = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
  const pair = named ?? node.items[position];
  if (pair === undefined) return undefined;
  const start = (pair.key as Node).range?.[0] ?? 0;
  return { node: pair.value as Node | null, depth: depth + 1, offset: start };
}
