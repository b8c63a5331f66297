import type { Session } from "./session.ts";

/** The base of a task with some files of its change on top. */
export type Overlay = { readonly base: string; readonly files: readonly string[] };

/**
 * Puts the workspace at the overlay, runs, and puts it back to the iteration's tree. A crash in between does no harm: the tree is
 * in the journal, and `observeChange` restores it.
 */
export async function withOverlay<T>(session: Session, { base, files }: Overlay, run: () => Promise<T>): Promise<T> {
  const { workTree, leftAlone } = session.parts;
  const tree = session.state.open?.change?.tree;
  if (tree === undefined) throw new Error("an overlay needs an observed change");
  const restore = async (): Promise<void> => {
    await workTree.reset(tree);
    await workTree.clean(leftAlone);
  };
  try {
    await workTree.overlay(await workTree.treeOf(base), tree, files);
    return await run();
  } finally {
    await restore();
  }
}
