/** One change has one content: of two that claim one place in an item's order, nothing says which is the newer. */
import { type Operation, Rejection } from "../change/change.ts";
import type { RewrittenRow } from "../row/returned-row.ts";

/** What tells a change of one version from others, and its content. Its item is not kept. */
interface KnownChange {
  readonly keyHash: string;
  readonly operation: Operation;
  readonly changedAtSeconds: number;
  readonly content: Uint8Array;
}

/** The changes of a batch. What a change is known by: its version, its item, its operation and its time. */
export class ContentsOfChanges {
  /** One version stands for several changes only in recordings, so that most entries are a single one. */
  readonly #known = new Map<string, KnownChange | Map<string, KnownChange>>();

  /** Throws Rejection if the change is known with another content. */
  require({
    change: { version, operation, changedAtSeconds },
    line: { keyHash, content },
  }: RewrittenRow): void {
    const change = { keyHash, operation, changedAtSeconds, content };
    let known = this.#known.get(version);
    if (known === undefined) {
      this.#known.set(version, change);
      return;
    }
    if (!(known instanceof Map)) {
      known = new Map([[identityOf(known), known]]);
      this.#known.set(version, known);
    }
    const identity = identityOf(change);
    const same = known.get(identity);
    // breakage: one-content-per-sequence
    if (same !== undefined && !isEqual(same.content, content)) throw new Rejection("same-sequence");
    known.set(identity, change);
  }
}

function identityOf({ keyHash, operation, changedAtSeconds }: KnownChange): string {
  return `${keyHash}${operation}${changedAtSeconds}`;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
