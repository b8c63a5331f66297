import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ReadTextFileRequest, WriteTextFileRequest } from "@agentclientprotocol/sdk/unstable";
import { readTextFile } from "../text-file.ts";
import { resolveInWorkspace } from "../workspace-path.ts";

/** Answers `fs/read_text_file`. Throws where the path is outside the workspace, or no text file. */
export function readForAgent(workspace: string, { path, line, limit }: ReadTextFileRequest): { content: string } {
  const content = readTextFile(resolveInWorkspace(workspace, path), path);
  if ((line ?? undefined) === undefined && (limit ?? undefined) === undefined) return { content };
  const start = Math.max((line ?? 1) - 1, 0);
  const lines = content.split("\n");
  return { content: lines.slice(start, start + (limit ?? lines.length)).join("\n") };
}

/** Answers `fs/write_text_file`. Throws where the path is outside the workspace. */
export function writeForAgent(workspace: string, { path, content }: WriteTextFileRequest): Record<string, never> {
  const real = resolveInWorkspace(workspace, path);
  mkdirSync(dirname(real), { recursive: true });
  writeFileSync(real, content);
  return {};
}
