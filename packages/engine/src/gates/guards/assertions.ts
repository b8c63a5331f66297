/** A call or statement that can fail a test, over all languages. */
const ASSERTIONS: readonly RegExp[] = [
  /(?:[aA]ssert|[eE]xpect|[vV]erify|[sS]hould)\w{0,60}!?(?:\.\w{1,30}){0,2}\s*[(<]|\b[cC]heck(?:[A-Z_]\w{0,60})?\(|\bmust[A-Z_]\w{0,60}\(/g,
  /^[ \t]*assert\b(?!\s*[.(!])/gm,
  /\brequire\.\w+\(|\bt\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow|is|not|equal|equals|deepEqual|same|ok|notOk|true|false|truthy|throws|like|pass|fail)\(/g,
  /\.(?:raises|warns)\(|#\[should_panic|^[ \t]*\[\[? /gm,
];
/** Compares with an expected value. */
const STRICT =
  /\.(?:toBe|toEqual|toStrictEqual|toMatchObject|toHaveBeenCalledWith|equal|strictEqual|deepEqual|deepStrictEqual|eql)\(|assert\w{0,40}(?:Equal|Equals|_eq!|_ne!)\w{0,40}\(|assert_eq!|assert_ne!|^[ \t]*assert\b[^\n]*==|\.Equal\(|\.is\(/gm;
/** Looks at hardly more than that there is something. */
const WEAK =
  /\.(?:toBeDefined|toBeTruthy|toBeFalsy|toBeNull|toBeUndefined|ok|exist|exists|isOk|NotNil|True|toBeInstanceOf)\b|\.not\.(?:toBeNull|toBeUndefined|toThrow)\b|\.to\.(?:exist|be\.ok)\b|assert(?:True|IsNotNone|IsInstance|NotNull)\(|assert!\(|^[ \t]*assert\b(?![^\n]*(?:==|<|>|\bin\b|!=))[^\n]*$/gm;

const VALUE = `(?:[\\w.-]{1,60}|"[^"\\n]{0,60}"|'[^'\\n]{0,60}')`;
/** Assertions that can't fail: a constant, or a value held against itself. */
const TAUTOLOGIES: readonly RegExp[] = [
  new RegExp(
    `\\bexpect\\(\\s*(${VALUE})\\s*\\)\\.(?:to(?:Be|Equal|StrictEqual)|to\\.(?:be\\.)?(?:equal|eql|eq))\\(\\s*\\1\\s*\\)`,
  ),
  /\bexpect\(\s*(?:true|1|!0)\s*\)\.(?:toBeTruthy|toBeDefined|to\.be\.(?:true|ok)|not\.toBe)/,
  new RegExp(`\\bassert\\.?\\w{0,40}[eE]qual\\w{0,40}\\(\\s*(?:t,\\s*)?(${VALUE})\\s*,\\s*\\1\\s*[,)]`),
  new RegExp(`\\bassert_eq!\\(\\s*(${VALUE})\\s*,\\s*\\1\\s*[,)]`),
  new RegExp(`^[ \\t]*assert\\s+(${VALUE})\\s*==\\s*\\1\\s*(?:,|$)`),
  /\bassert(?:\.ok|\.isTrue)?\(\s*(?:true|1|!0|True)\s*[,)]|\bassert!\(\s*true\s*[,)]|^[ \t]*assert\s+(?:True|1|not False)\s*(?:,|$)/,
  /\b(?:self\.)?assertTrue\(\s*(?:True|true)\s*[,)]|\b(?:assert|require)\.True\(t,\s*true\s*[,)]|\bt\.(?:ok|true|pass)\(\s*(?:true)?\s*\)/,
];

/** How many assertions `code` (without comments) holds. */
export function countAssertions(code: string): number {
  return ASSERTIONS.reduce((count, pattern) => count + [...code.matchAll(pattern)].length, 0);
}

/** How many assertions compare with an expected value, and how many hardly look. */
export function countStrength(code: string): { readonly strict: number; readonly weak: number } {
  return { strict: [...code.matchAll(STRICT)].length, weak: [...code.matchAll(WEAK)].length };
}

/** Tells whether `line` asserts what can't be otherwise. */
export function isTautology(line: string): boolean {
  return TAUTOLOGIES.some((pattern) => pattern.test(line));
}
