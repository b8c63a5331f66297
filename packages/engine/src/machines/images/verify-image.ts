import { GUEST_PROGRAM_PATH } from "./guest-files.ts";
import type { ImageManifest, StoredImage } from "./port.ts";

/** Runs a program in a machine to its end. May reject where it can't be started. */
export type RunInMachine = (argv: readonly string[]) => Promise<{ readonly code: number; readonly stdout: string }>;

/** What was found of one tool in a machine. */
export type ImageCheckRow = {
  readonly tool: string;
  /** A version, or what else was looked for. */
  readonly expected: string;
  /** The machine's word, shortened; empty where the tool is not there. */
  readonly found: string;
  readonly ok: boolean;
};

/** A tool: what asks it for its version, and the package that it comes with (Debian's or npm's). */
type Tool = { readonly argv: readonly string[]; readonly from: string };

const TOOLS: Readonly<Record<string, Tool>> = {
  git: { argv: ["git", "--version"], from: "git" },
  jj: { argv: ["jj", "--version"], from: "jujutsu" },
  gh: { argv: ["gh", "--version"], from: "gh" },
  tmux: { argv: ["tmux", "-V"], from: "tmux" },
  ripgrep: { argv: ["rg", "--version"], from: "ripgrep" },
  npm: { argv: ["npm", "--version"], from: "npm" },
  claude: { argv: ["claude", "--version"], from: "@anthropic-ai/claude-code" },
  codex: { argv: ["codex", "--version"], from: "@openai/codex" },
  gemini: { argv: ["gemini", "--version"], from: "@google/gemini-cli" },
};

/** Where agents keep their logins, below the home folder, and the variables that do instead. */
const LOGINS: Readonly<Record<string, { readonly files: readonly string[]; readonly variables: readonly string[] }>> = {
  claude: {
    files: [".claude/.credentials.json"],
    variables: ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
  },
  codex: { files: [".codex/auth.json"], variables: ["OPENAI_API_KEY", "CODEX_API_KEY"] },
  gemini: { files: [".gemini/oauth_creds.json"], variables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"] },
};

/** Prints where it found something, never what: `$1` are files, `$2` variables. */
const FIND_LOGIN = `for file in $1; do test -s "$HOME/$file" && echo "~/$file"; done
for name in $2; do eval "test -n \\"\\\${$name:-}\\"" && echo "$name"; done
true`;

const ANY_VERSION = "any version";
const MAX_FOUND = 60;

/**
 * Asks a machine for each tool that its image was to hold, and for the logins of the agents in it. Nothing is sent anywhere, and no
 * agent is asked to do anything but to say its version.
 */
export async function verifyImage(
  manifest: StoredImage["manifest"],
  run: RunInMachine,
): Promise<readonly ImageCheckRow[]> {
  // Nobody said what somebody else's disk holds. Without a shell, no gate and no set-up runs in it.
  if (manifest.builder === "imported")
    return [await checkTool(run, { tool: "Linux", argv: ["sh", "-c", "uname -r"], expected: ANY_VERSION })];
  const rows: ImageCheckRow[] = [];
  for (const [tool, { argv, expected }] of expectedTools(manifest))
    rows.push(await checkTool(run, { tool, argv, expected }));
  for (const agent of Object.keys(LOGINS))
    if (rows.some(({ tool, ok }) => tool === agent && ok)) rows.push(await checkLogin(run, agent));
  return rows;
}

type ExpectedTool = { readonly argv: readonly string[]; readonly expected: string };

function expectedTools({ builder, node, npm, packages }: ImageManifest): ReadonlyMap<string, ExpectedTool> {
  const tools = new Map<string, ExpectedTool>([
    ["cloister-guest", { argv: [GUEST_PROGRAM_PATH, "--version"], expected: ANY_VERSION }],
  ]);
  if (builder === "busybox") tools.set("busybox", { argv: ["busybox"], expected: ANY_VERSION });
  if (node !== undefined) tools.set("node", { argv: ["node", "--version"], expected: node });
  for (const name of packages) {
    const known = toolFrom(name);
    if (known === undefined)
      tools.set(name, { argv: ["dpkg-query", "--show", "--showformat=${Version}", name], expected: ANY_VERSION });
    else tools.set(known[0], { argv: known[1].argv, expected: ANY_VERSION });
  }
  for (const item of npm) {
    const at = item.lastIndexOf("@");
    const known = toolFrom(item.slice(0, at));
    if (known !== undefined) tools.set(known[0], { argv: known[1].argv, expected: item.slice(at + 1) });
  }
  return tools;
}

function toolFrom(name: string): readonly [string, Tool] | undefined {
  return Object.entries(TOOLS).find(([, { from }]) => from === name);
}

async function checkTool(
  run: RunInMachine,
  { tool, argv, expected }: ExpectedTool & { readonly tool: string },
): Promise<ImageCheckRow> {
  const answer = await run(argv).catch(() => undefined); // What can't be started is not there: the row says so.
  if (answer === undefined || answer.code !== 0) return { tool, expected, found: "", ok: false };
  const found = /\d+(?:\.\d+)*[\w.+~:-]*/.exec(answer.stdout)?.[0].slice(0, MAX_FOUND) ?? "";
  return { tool, expected, found, ok: expected === ANY_VERSION ? found !== "" : found === expected };
}

/** A login is no fault, nor is its absence: with the model gateway none is needed. */
async function checkLogin(run: RunInMachine, agent: string): Promise<ImageCheckRow> {
  const { files = [], variables = [] } = LOGINS[agent] ?? {};
  const answer = await run(["sh", "-c", FIND_LOGIN, "sh", files.join(" "), variables.join(" ")]).catch(() => undefined);
  const places = [...files.map((file) => `~/${file}`), ...variables];
  const found = answer?.stdout.split("\n").filter((line) => places.includes(line)) ?? [];
  const state = found.length === 0 ? "not logged in" : `logged in: ${found.join(", ")}`;
  return {
    tool: `${agent} login`,
    expected: "either",
    found: answer === undefined ? "" : state,
    ok: answer !== undefined,
  };
}
