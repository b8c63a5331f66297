import { maskSource } from "./mask.ts";

/** Text without comments and blank space, so that only changes that mean something differ. */
export function toPlain(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(#|\/\/|\*|\/\*|;)/.test(line))
    .join("\n");
}

/** The sections of an INI or TOML text whose heading matches, without comments. */
export function readSections(text: string, heading: RegExp): string {
  const kept: string[] = [];
  let isWanted = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("[")) isWanted = heading.test(line);
    if (isWanted) kept.push(line);
  }
  return toPlain(kept.join("\n"));
}

/** What in a `conftest.py` decides which tests run and how they end. Fixtures, which most edits add, are left out. */
export function pytestHooks(text: string): string {
  const { code } = maskSource(text, "python");
  const kept: string[] = [];
  let isWanted = false;
  for (const line of code.split("\n")) {
    if (/^(async )?def |^class |^[\w.]+\s*[=:]/.test(line))
      isWanted = /^(async )?def pytest_|^collect_ignore|^pytestmark\b/.test(line);
    else if (/^\S/.test(line) && !/^[)\]}@]/.test(line)) isWanted = false;
    const isEffect = /\bpytest\.(skip|exit|xfail)\(|\b(os\._exit|sys\.exit)\(|\.add_marker\(|\bsys\.modules\b/.test(
      line,
    );
    if ((isWanted || isEffect) && line.trim() !== "") kept.push(line.trim());
  }
  return kept.join("\n");
}

/** What in a `Cargo.toml` decides which tests are built and by which harness. */
export function cargoTestSettings(text: string): string {
  const keys = text.split("\n").filter((line) => /^\s*(harness|test|doctest|autotests)\s*=\s*false\b/.test(line));
  return [readSections(text, /^\[\[test\]\]/), ...keys.map((line) => line.trim()).sort()].join("\n");
}

/** The `test: { … }` block of a Vite configuration, without comments. Empty where there is none. */
export function viteTestBlock(text: string): string {
  const { code, bare } = maskSource(text, "javascript");
  const start = bare.search(/\btest\s*:\s*\{/);
  if (start === -1) return "";
  let depth = 0;
  for (let at = bare.indexOf("{", start); at < bare.length; at += 1) {
    if (bare[at] === "{") depth += 1;
    if (bare[at] === "}") depth -= 1;
    if (depth === 0) return toPlain(code.slice(start, at + 1));
  }
  return toPlain(code.slice(start));
}
