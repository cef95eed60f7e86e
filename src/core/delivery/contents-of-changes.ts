/** One change has one content: of two that claim one place in an item's order, nothing says which is the newer. */
import { type ChangeMarks, type Operation, Rejection } from "../change/change.ts";
import type { WireLine } from "../row/wire-line.ts";
import { memberTexts } from "../values/json-slices.ts";

/** A change as its row tells it. */
export interface ReadRow {
  readonly change: ChangeMarks;
  readonly line: WireLine;
}

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
  require({ change: { version, operation, changedAtSeconds }, line: { keyHash, content } }: ReadRow): void {
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

/** Two lines of one row may differ in the order of their members and in how they escape a string. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  const isSame = a.length === b.length && a.every((byte, i) => byte === b[i]);
  return isSame || membersText(a) === membersText(b); // breakage: one-row-has-many-lines
}

const decoder = new TextDecoder();

/** The members in the order of their names; a number is as it is written, since it may have more digits than a double. */
function membersText(line: Uint8Array): string {
  const text = decoder.decode(line);
  const row = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const names = Object.keys(row).sort();
  return JSON.stringify(
    names.map((name) => [name, typeof row[name] === "string" ? row[name] : memberTexts(text, name)]),
  );
}
