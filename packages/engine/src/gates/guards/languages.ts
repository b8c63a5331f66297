/** A language that the guards read, by what its tests look like. */
export type Language = "javascript" | "python" | "rust" | "go" | "java" | "csharp" | "ruby" | "php" | "shell";

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  js: "javascript",
  cjs: "javascript",
  mjs: "javascript",
  jsx: "javascript",
  ts: "javascript",
  cts: "javascript",
  mts: "javascript",
  tsx: "javascript",
  vue: "javascript",
  svelte: "javascript",
  py: "python",
  rs: "rust",
  go: "go",
  java: "java",
  kt: "java",
  scala: "java",
  swift: "java",
  cs: "csharp",
  rb: "ruby",
  php: "php",
  sh: "shell",
  bash: "shell",
  bats: "shell",
};

/** Where each language's own tools look for tests. */
const TEST_PATHS: Readonly<Record<Language, RegExp>> = {
  javascript: /(^|\/)(__tests__|tests?|specs?|e2e)\/|\.(test|spec|e2e|cy)\.[cm]?[jt]sx?$/,
  python: /(^|\/)(test_[^/]*|[^/]*_test|tests)\.py$/,
  rust: /(^|\/)tests\/|(^|\/)tests?\.rs$|_tests?\.rs$/,
  go: /_test\.go$/,
  java: /(^|\/)src\/\w*[tT]est\/|Tests?\.(java|kt|scala|swift)$|(Spec|IT)\.(java|kt|scala)$/,
  csharp: /Tests?\.cs$|(^|\/)[^/]*\.?Tests?\//,
  ruby: /_(spec|test)\.rb$|(^|\/)test_[^/]*\.rb$/,
  php: /Test\.php$/,
  shell: /\.bats$/,
};

/** The language of a file, by its name. */
export function languageOf(path: string): Language | undefined {
  return BY_EXTENSION[path.slice(path.lastIndexOf(".") + 1).toLowerCase()];
}

/** Tells whether `path` is a file of tests, as the runners of its language find them. Fixtures and helpers of data are not. */
export function isTestFile(path: string): boolean {
  const language = languageOf(path);
  if (language === undefined || /(^|\/)(__fixtures__|fixtures|testdata|node_modules)\//.test(path)) return false;
  return TEST_PATHS[language].test(path);
}

/** Tells whether a file holds tests: by its name, or (Rust) beside the code that they test. */
export function holdsTests(path: string, text: string): boolean {
  return isTestFile(path) || (languageOf(path) === "rust" && text.includes("#[test]"));
}
