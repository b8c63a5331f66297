import { CloisterError, excerpt } from "@cloister/core";
import { type ProcessExit, startProcess } from "../../process/index.ts";
import { IMAGE_EPOCH_S } from "./epoch.ts";

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
const TAIL_CHARACTERS = 4000;
const HOUR_MS = 3_600_000;
/** What has a tool, where that is not what has those of builds. */
const PACKAGES: Readonly<Record<string, string>> = { "qemu-img": "qemu-utils" };
const BUILD_PACKAGES = "mmdebstrap e2fsprogs xz-utils debian-archive-keyring";
/** Finds whatever a build left running. */
const MARKER = "cloister-image-build";

/** What the tools of a build run in. */
export type ToolContext = {
  /** The user's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a build may write: removed when it ends. */
  readonly folder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
};

/** How to run a tool. */
export type ToolOptions = {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/**
 * Runs a tool of the host to its end.
 * @returns its standard output
 * @throws CloisterError `machine_unavailable` where it is not installed, `machine_failed` with the end of what it said where it fails
 */
export async function runBuildTool(
  context: ToolContext,
  argv: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const [file = "", ...args] = argv;
  const running = startProcess({
    file,
    args,
    cwd: options.cwd ?? context.folder,
    env: toolEnvironment({ ...context.env, ...options.env }),
    stdin: options.input === undefined ? "empty" : { text: options.input },
    marker: MARKER,
    timeoutMs: HOUR_MS,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const [stdout, stderr, exit] = await Promise.all([
    readText(running.stdout, MAX_OUTPUT_BYTES),
    readTail(running.stderr),
    running.exit,
  ]);
  if (exit.cause === "exited" && exit.code === 0) return stdout;
  context.signal?.throwIfAborted();
  throw exit.error === "ENOENT" ? missingTool(file) : failedTool(file, exit, stderr.trim() || stdout.trim());
}

function failedTool(file: string, { cause, code, signal }: ProcessExit, words: string): CloisterError {
  const how = cause === "exited" ? `it ended with ${code ?? signal}` : cause;
  const said = excerpt(words, TAIL_CHARACTERS);
  return new CloisterError({
    code: "machine_failed",
    message: `${file} failed (${how}): ${said === "" ? "it said nothing" : said}`,
  });
}

/** A missing tool, with what to install. */
function missingTool(name: string): CloisterError {
  return new CloisterError({
    code: "machine_unavailable",
    message: `Making this image needs ${name}, which is not installed.`,
    remedy: `On Debian or Ubuntu: apt install ${PACKAGES[name] ?? BUILD_PACKAGES}; then try again.`,
  });
}

/** Same words, order and times wherever a build runs. Debian keeps e2fsprogs where users' PATHs do not look. */
function toolEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const epoch = `${IMAGE_EPOCH_S}`;
  return {
    ...env,
    PATH: `${env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
    LC_ALL: "C",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: epoch,
    E2FSPROGS_FAKE_TIME: epoch,
  };
}

async function readText(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function readTail(source: AsyncIterable<Uint8Array>): Promise<string> {
  let tail = "";
  for await (const chunk of source) tail = (tail + Buffer.from(chunk).toString("utf8")).slice(-TAIL_CHARACTERS);
  return tail;
}
