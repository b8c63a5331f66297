import type { Detector, Match } from "./finding.ts";

/** RFC 7468, and what OpenSSH and PGP make of it. */
const MARKER = /-----(?<edge>BEGIN|END) (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----/g;
/** In all of them; most texts have none. */
const SIGN = "PRIVATE KEY";
/** Characters of a key at most; 16384-bit RSA has about 13,000. */
const MAX_KEY = 16_384;
/** Base64 characters that a real key has at least; an Ed25519 key in PKCS #8 has 64. */
const MIN_BODY = 60;
/** The lines of a key whose end is missing, as where a tool's output was cut. Line ends may be escaped. */
const CUT_BODY = /^(?:\s|\\[nr])*(?:[A-Za-z0-9+/=]{30,}(?:\s|\\[nr])*)+/;

/** Finds private keys in PEM form, whole or cut at their end. Markers with nothing between them are source code. */
export const findPrivateKeys: Detector = (text) => {
  if (!text.includes(SIGN)) return [];
  const markers = [...text.matchAll(MARKER)].map(toMarker);
  return markers.flatMap((marker, index): Match[] => {
    if (!marker.isBegin) return [];
    const end = endOfKey(text, marker, markers[index + 1]);
    const body = text.slice(marker.end, end);
    return countBase64(body) < MIN_BODY ? [] : [{ rule: "privatekey", start: marker.start, end }];
  });
};

type Marker = { readonly isBegin: boolean; readonly start: number; readonly end: number };

function toMarker({ index, 0: found, groups }: RegExpExecArray): Marker {
  return { isBegin: groups?.["edge"] === "BEGIN", start: index, end: index + found.length };
}

/** After the end's marker; where there is none, after the last line that is part of the key. */
function endOfKey(text: string, begin: Marker, next: Marker | undefined): number {
  const limit = begin.end + MAX_KEY;
  if (next !== undefined && !next.isBegin && next.start <= limit) return next.end;
  const body = text.slice(begin.end, Math.min(next?.start ?? text.length, limit));
  return begin.end + (CUT_BODY.exec(body)?.[0].length ?? 0);
}

function countBase64(body: string): number {
  return body.replaceAll(MARKER, "").replaceAll(/\\[nr]|[^A-Za-z0-9+/=]/g, "").length;
}
