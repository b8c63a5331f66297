/** The format of `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS`: `key=value,key=value`, percent-encoded. */

/** Most pairs that are read; what follows is left out. */
const MAX_PAIRS = 100;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    // Broken percent-encoding: the pair is as good as absent.
    return undefined;
  }
}

/** Reads the pairs of `list`; those that are malformed are left out. */
export function parseKeyValueList(list: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of list.split(",").slice(0, MAX_PAIRS)) {
    const equals = pair.indexOf("=");
    const key = equals < 1 ? undefined : decode(pair.slice(0, equals));
    const value = decode(pair.slice(equals + 1));
    if (key !== undefined && key !== "" && value !== undefined) pairs[key] = value;
  }
  return pairs;
}

/** Writes `pairs` so that {@link parseKeyValueList} reads them back. */
export function formatKeyValueList(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join(",");
}
