/** A JSON object whose fields nobody has checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** `value` where it is an object, else an empty one: requests are read leniently, as a provider's next version may differ. */
export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** `value` as a list of objects; what is not one becomes empty. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/** `value` where it is a text, else `fallback`. */
export function asText(value: unknown, fallback: string = ""): string {
  return typeof value === "string" ? value : fallback;
}

/** The text of a content field in any wire's shape: a text, a block with a text, or a list of them, joined by line breaks. */
export function contentText(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return asText(asObject(content)["text"]);
  return content
    .map(contentText)
    .filter((text) => text !== "")
    .join("\n");
}
