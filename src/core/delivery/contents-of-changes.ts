/** One change has one content: of two that claim one place in an item's order, nothing says which is the newer. */
import { Rejection } from "../change/change.ts";
import type { RewrittenRow } from "../row/returned-row.ts";

/** What tells a change of one version from others, and its content. Its item is not kept. */
interface KnownChange {
  readonly identity: string;
  readonly content: Uint8Array;
}

/** The changes of a batch. What a change is known by: its version, its item, its operation and its time. */
export class ContentsOfChanges {
  /** One version stands for several changes only in recordings, so that most entries are a single one. */
  readonly #known = new Map<string, KnownChange | Map<string, Uint8Array>>();

  /** Throws Rejection if the change is known with another content. */
  require({ change, line }: RewrittenRow): void {
    const { version, operation, changedAtSeconds } = change;
    const { content } = line;
    const identity = `${line.keyHash}${operation}${changedAtSeconds}`;
    let known = this.#known.get(version);
    if (known === undefined) {
      this.#known.set(version, { identity, content });
      return;
    }
    if (!(known instanceof Map)) {
      known = new Map([[known.identity, known.content]]);
      this.#known.set(version, known);
    }
    const same = known.get(identity);
    // breakage: one-content-per-sequence
    if (same !== undefined && !isEqual(same, content)) throw new Rejection("same-sequence");
    known.set(identity, content);
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
