/** The doctor's answers: what a deployment has shown of each doubt. */
import { DOUBTS, type Doubt } from "./doubts.ts";

/** contradicted: it was seen to be otherwise. not seen: nothing has shown it, or what would could not be read. */
export type Verdict = "seen" | "not seen" | "contradicted";

export interface DoubtAnswer {
  readonly doubt: Doubt;
  readonly verdict: Verdict;
  /** What was seen, or what was looked for. Never the contents of items. */
  readonly evidence: string;
  /** Something could not be read, such as without a permission. */
  readonly isUnread?: true;
}

/** What answers some doubts. Whatever it reads may fail. */
export interface Examination {
  readonly doubts: readonly Doubt[];
  answers(): Promise<readonly DoubtAnswer[]>;
}

export function seen(doubt: Doubt, evidence: string): DoubtAnswer {
  return { doubt, verdict: "seen", evidence };
}

export function notSeen(doubt: Doubt, evidence: string): DoubtAnswer {
  return { doubt, verdict: "not seen", evidence };
}

export function contradicted(doubt: Doubt, evidence: string): DoubtAnswer {
  return { doubt, verdict: "contradicted", evidence };
}

/** The doubts of an examination that could not read something. */
export function unread(doubts: readonly Doubt[], reason: string): readonly DoubtAnswer[] {
  return doubts.map((doubt) => ({ ...notSeen(doubt, `could not be read: ${reason}`), isUnread: true }));
}

/** What no reading can show. */
const ONLY_TRIED: Readonly<Partial<Record<Doubt, string>>> = {
  "conditional-create": "shown only by writers that race, as with --write",
  checkpoint: "shown only by a batch that fails in its middle",
  "other-account": "shown only by a table of another account",
  "export-cut": "shown only by items that change while an export begins",
  "export-token": "shown only by an export that is started twice",
  "new-columns": "shown only by a column that is added",
  "hidden-folders": "shown only by such a folder, as with --write",
  "version-id": "shown only by an update with an old version, as with --write",
  "exact-casts": "`dynalake verify` with --stack compares every item, and --write compares its own",
  "schedule-start": "shown only by the first minutes of a deployment",
  "alarm-actions": "shown only by an alarm that goes off, as with --write",
  "alarm-mail": "shown only by an inbox, after an alarm that goes off, as with --write",
};

const WEIGHTS: Readonly<Record<Verdict, number>> = { contradicted: 2, seen: 1, "not seen": 0 };

/**
 * One answer for each doubt, in the order of the list. Of several, as each lake table may give one, a contradiction counts more
 * than what was seen, and that more than what was not.
 */
export function answerToEach(given: readonly DoubtAnswer[]): readonly DoubtAnswer[] {
  return (Object.keys(DOUBTS) as Doubt[]).map((doubt) => {
    const own = given.filter((answer) => answer.doubt === doubt);
    // breakage: contradiction-counts-most
    const [heaviest] = own.toSorted((a, b) => WEIGHTS[b.verdict] - WEIGHTS[a.verdict]);
    const answer = heaviest ?? notSeen(doubt, ONLY_TRIED[doubt] ?? "nothing has shown it yet");
    return { ...answer, evidence: withoutAccount(answer.evidence) };
  });
}

/** A text that may be shown to anybody: ARNs and numbers of accounts are left out. */
export function withoutAccount(text: string): string {
  // breakage: reports-without-accounts
  return text.replace(/\barn:[^\s,;"'()]+/g, "<arn>").replace(/(?<!\d)\d{12}(?!\d)/g, "<account>");
}
