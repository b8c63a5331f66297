import { isCollection, isMap, isScalar, parseDocument, visit, type CST, type Document, type Node } from "yaml";
import { locate, parseBounded, type Located } from "./located.ts";
import { lineAt, sourceError, type SourceText } from "./source-text.ts";

/**
 * Reads JSON, strictly, and keeps where each value stands. YAML's parser gives the places; what YAML allows beyond JSON
 * (comments, other quotes, trailing commas, block style) is refused.
 * @throws CloisterError with the line where it is not JSON.
 */
export function parseJson(source: SourceText): Located {
  const document = parseBounded(source, 0, () =>
    parseDocument(source.text, { schema: "json", prettyErrors: false, uniqueKeys: false, keepSourceTokens: true }),
  );
  const located = locate(source, document, 0);
  const offset = findForeign(document) ?? findRest(source.text);
  if (offset === undefined) return located;
  const message = "expected JSON, found a comment, single quotes, a comma too many or an unquoted word.";
  throw sourceError(source, lineAt(source.text, offset), { message, remedy: "Make it strict JSON." });
}

/** Where the first thing stands that is YAML and not JSON. */
function findForeign(document: Document.Parsed): number | undefined {
  let found: number | undefined = document.commentBefore || document.comment ? 0 : undefined;
  visit(document, {
    Node: (_, node) => {
      found ??= foreignOffset(node);
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

function foreignOffset(node: Node): number | undefined {
  const start = node.range?.[0] ?? 0;
  if (isScalar(node)) return node.type === "QUOTE_DOUBLE" || node.type === "PLAIN" ? undefined : start;
  if (!isCollection(node) || node.flow !== true) return start;
  const unquoted = isMap(node) ? node.items.map((pair) => pair.key as Node).find(isPlain) : undefined;
  return unquoted?.range?.[0] ?? trailingComma(node.srcToken);
}

function trailingComma(token: CST.Token | undefined): number | undefined {
  const last = token?.type === "flow-collection" ? token.items.at(-1) : undefined;
  if (last === undefined || last.key !== undefined || last.value !== undefined) return undefined;
  return last.start.find(({ type }) => type === "comma")?.offset;
}

function isPlain(key: Node): boolean {
  return !isScalar(key) || key.type !== "QUOTE_DOUBLE";
}

/** What else the platform's own parser refuses (raw line ends and tabs in strings, comments inside), where it says so. */
function findRest(text: string): number | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error: unknown) {
    return Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0);
  }
}
