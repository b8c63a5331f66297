/** How the known agents tell the model where they work. */
const PATTERNS = [
  /<cwd>(\/[^<\n]+)<\/cwd>/,
  /[Ww]orking directory:\s*(\/[^\n<]+)/,
  /working in the (?:current )?directory:?\s*(\/[^\n<]+)/,
];

/**
 * Finds the agent's working directory in the raw text of a request.
 * @param body the request's JSON, in which line breaks are escaped.
 */
export function findWorkspace(body: string): string | undefined {
  const text = body.replaceAll("\\n", "\n");
  return PATTERNS.map((pattern) => pattern.exec(text)?.[1]?.trim()).find((path) => path !== undefined);
}
