import { parse } from "yaml";
import type { z } from "zod";
import { DocumentError } from "./document-error.ts";

/** Larger documents are refused before they are parsed. */
const MAX_DOCUMENT_CHARACTERS = 4 * 1024 * 1024;
/** Aliases that a YAML document may expand to: enough for shared turns, too few for a bomb. */
const MAX_ALIASES = 1000;

/**
 * Reads YAML, or JSON (which YAML contains), and checks it against `schema`.
 * @param kind what the document is, for messages: `script`, `scenario`.
 * @throws DocumentError with the path of each wrong value and what was expected there.
 */
export function readDocument<T>(kind: string, text: string, schema: z.ZodType<T>): T {
  if (text.length > MAX_DOCUMENT_CHARACTERS) {
    throw new DocumentError(`The ${kind} has ${text.length} characters; at most ${MAX_DOCUMENT_CHARACTERS} are read.`);
  }
  const result = schema.safeParse(parseYaml(kind, text));
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new DocumentError(`The ${kind} is not valid. ${issues.join("; ")}`, result.error);
}

function parseYaml(kind: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIASES });
  } catch (error: unknown) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DocumentError(`The ${kind} is neither YAML nor JSON: ${why}`, error);
  }
}
