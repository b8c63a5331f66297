export type { ChangedFile, StatusEntry, TreeStatus } from "./parse.ts";
export type { Repository } from "./repository.ts";
export { findRepository } from "./repository.ts";
export type { RunGit } from "./run-git.ts";
export { cleanEnvironment, createGit } from "./run-git.ts";
export type { CommitRequest, TreeDiff, WorkTree } from "./work-tree.ts";
export { openWorkTree } from "./work-tree.ts";
