import type { ClaimKind, Judgement } from "./claim.ts";
import type { JournalView } from "./journal-view.ts";
import type { Document } from "./document.ts";
import type { ReportLine } from "./report-text.ts";
import type { RepositoryView } from "./repository-view.ts";

/** What claims are judged by. */
export type World = {
  readonly repository: RepositoryView;
  readonly journal: JournalView | undefined;
  readonly document: Document;
};

/** Something that a document says in more than one place: the places must agree. */
export type Quantity = { readonly name: string; readonly value: number };

/** A claim that a rule saw, not judged yet. */
export type Sighting = {
  readonly kind: ClaimKind;
  /** The claim's words. */
  readonly text: string;
  readonly quantity?: Quantity;
  /** Contract: reads, changes nothing. */
  readonly judge: (world: World) => Judgement | Promise<Judgement>;
};

/** Sees claims of one sort in a line. Pure. */
export type Rule = (line: ReportLine, document: Document) => readonly Sighting[];
