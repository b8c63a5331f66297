import type { z } from "zod";
import type { KeyPath, Located } from "./located.ts";
import { sourceError } from "./source-text.ts";

/** Most complaints that are looked at to find the first: finding a line costs a pass over the text. */
export const MAX_COMPLAINTS: number = 50;

/** One thing that is wrong with a value. */
export type Complaint = { readonly path: KeyPath; readonly message: string };

/**
 * Checks a value that a user wrote against a schema.
 * @throws CloisterError for the first thing that is wrong, with its line.
 */
export function validate<Value>(schema: z.ZodType<Value>, located: Located, path: KeyPath = []): Value {
  const result = check(schema, valueAt(located.value, path));
  if ("value" in result) return result.value;
  const lines = result.complaints.slice(0, MAX_COMPLAINTS).map((complaint) => ({
    line: located.lineOf([...path, ...complaint.path]),
    message: describeComplaint({ path: [...path, ...complaint.path], message: complaint.message }),
  }));
  const [first] = lines.sort((left, right) => left.line - right.line);
  throw sourceError(located.source, first?.line ?? 1, { message: first?.message ?? "expected another value." });
}

/** Checks any value against a schema: the value that it stands for, or what is wrong with it. */
export function check<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
): { readonly value: Value } | { readonly complaints: readonly Complaint[] } {
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return { complaints: result.error.issues.flatMap((issue) => complain(issue, value, [])) };
}

/** A complaint as one sentence: `limits.maxCost: expected …, found …`. */
export function describeComplaint({ path, message }: Complaint): string {
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}

function complain(issue: z.core.$ZodIssue, root: unknown, prefix: KeyPath): Complaint[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key. ${issue.message}` }));
  }
  if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  const branch = issue.code === "invalid_union" ? issue.errors.find(isInside) : undefined;
  if (branch !== undefined) return branch.flatMap((inner) => complain(inner, root, path));
  return [{ path, message: `${expectation(issue)}, found ${describeValue(valueAt(root, path))}.` }];
}

/** True where a branch of a union took the value's type, and has something to say of what is in it. */
function isInside(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.length > 0 && issues.every(({ path, code }) => path.length > 0 || code !== "invalid_type");
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith("expected ")) return issue.message;
  return issue.code === "invalid_type" ? `expected ${issue.expected}` : `expected another value (${issue.message})`;
}

/** The value at a path of keys and indices; undefined where there is none. */
export function valueAt(root: unknown, path: KeyPath): unknown {
  let value = root;
  for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
