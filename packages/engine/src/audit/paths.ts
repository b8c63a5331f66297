const EXTENSIONS =
  "md|txt|rst|adoc|rs|ts|tsx|mts|cts|js|jsx|mjs|cjs|py|go|java|kt|c|h|cc|cpp|hpp|cs|rb|php|swift|scala|sh|sql|html|css|scss|vue|svelte|json|jsonc|toml|yaml|yml|xml|lock|proto|ini|cfg|conf|csv";
const NAMED = new RegExp(String.raw`^[^\s<>"'|*?{}$]{1,300}\.(?:${EXTENSIONS})$`, "i");
/** A name in running text: without quotes around it, a library such as Node.js looks like one too, so not every ending counts. */
const BARE = new RegExp(
  String.raw`(?<![\w./@-])[\w@][\w./-]{0,200}\.(?:md|txt|rst|rs|tsx?|py|go|toml|ya?ml|json|sql|sh|html|css|csv)(?![\w/-])`,
  "g",
);
const CODE = /`([^`\n]{1,300})`/g;
const LINK = /\[[^\]\n]{0,300}\]\(([^()\s]{1,300})\)/g;
const URL = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s)>\]]{1,500}/gi;

/** Paths that a line names, in order, each once. */
export function pathsIn(text: string): readonly string[] {
  const local = text.replaceAll(URL, " ");
  const links = [...local.matchAll(LINK)].flatMap(([, target = ""]) => toTarget(target));
  const code = [...local.matchAll(CODE)].flatMap(([, inner = ""]) => toPath(inner));
  const prose = local.replaceAll(LINK, " ").replaceAll(CODE, " ");
  const bare = [...prose.matchAll(BARE)].map(([path]) => path);
  return [...new Set([...links, ...code, ...bare].map((path) => path.replace(/^\.\//, "")))];
}

function toTarget(target: string): string[] {
  const path = target.replace(/[#?].*$/, "");
  if (path === "" || /^[a-z][a-z0-9+.-]+:/i.test(target)) return [];
  return [decode(path)];
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // A percent sign that encodes nothing is part of the name.
  }
}

/** `src/lib.rs`, `src/lib.rs:12`, `docs/`: not `a.method()`, not `npm test`. */
function toPath(code: string): string[] {
  const path = code.trim().replace(/:\d+(?:[-:]\d+)?$/, "");
  if (NAMED.test(path) || /^[\w.@-]+(?:\/[\w.@-]+)*\/$/.test(path)) return [path];
  return [];
}
