/**
 * An address that requests are sent to, without the slash at its end; undefined where it is none: only `http:` and `https:`, without
 * user, password, query and fragment, which would end up in logs or be lost.
 */
export function toBaseUrl(text: string): string | undefined {
  const url = text.length <= 2048 ? URL.parse(text.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username + url.password + url.search + url.hash !== "") return undefined;
  return url.href.replace(/\/+$/, "");
}

/** What {@link toBaseUrl} takes; completes "expected …". */
export const BASE_URL_FORM = "an address such as https://models.example.com, without user, query and fragment";
