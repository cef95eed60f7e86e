/** One change has one content: of two that claim one place in an item's order, nothing says which is the newer. */
import { Rejection } from "../change/change.ts";
import type { RewrittenRow } from "../row/returned-row.ts";

/** The changes of a batch. What a change is known by: its version, its item, its operation and its time. */
export class ContentsOfChanges {
  /** One version stands for several changes only in recordings, so that most entries are a row. */
  readonly #rows = new Map<string, RewrittenRow | Map<string, RewrittenRow>>();

  /** Throws Rejection if the change is known with another content. */
  require(row: RewrittenRow): void {
    const { version } = row.change;
    let known = this.#rows.get(version);
    if (known === undefined) {
      this.#rows.set(version, row);
      return;
    }
    if (!(known instanceof Map)) {
      known = new Map([[identityOf(known), known]]);
      this.#rows.set(version, known);
    }
    const identity = identityOf(row);
    const same = known.get(identity);
    // breakage: one-content-per-sequence
    if (same !== undefined && !isEqual(same.line.content, row.line.content))
      throw new Rejection("same-sequence");
    known.set(identity, row);
  }
}

function identityOf({ change, line }: RewrittenRow): string {
  return `${line.keyHash}${change.operation}${change.changedAtSeconds}`;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
