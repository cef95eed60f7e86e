/**
 * Proves a lake table against its source without stopping either. Both are read once into digests of key ranges; ranges that
 * differ are compared item by item; what differs there is asked again until it is settled.
 */

import { belongs } from "../change/selection.ts";
import { DynalakeError } from "../error.ts";
import type { LakeRow, ScannedItem, VerifiedLake, VerifiedSource } from "../ports/verified.ts";
import type { Schema } from "../schema/schema.ts";
import { type Item, itemText } from "../values/attribute-value.ts";
import { keyAttributes, keyHash, keyOf } from "../values/key.ts";
import { type ComparedRanges, compareRanges, type RangeGroup, rangeGroups } from "./verify-digest.ts";
import { hiddenAttributes, itemHash, type KeyTexts, keyTexts, withoutHidden } from "./verify-item.ts";
import type {
  Candidate,
  Difference,
  DifferenceKind,
  Settled,
  Unsettled,
  UnsettledKind,
} from "./verify-settle.ts";
import { ItemShelves, type Scratch, type ShelvedItem } from "./verify-shelf.ts";

export interface VerifyContext {
  readonly schema: Schema;
  readonly source: VerifiedSource;
  readonly lake: VerifiedLake;
  readonly scratch: Scratch;
  /** Decides what candidates are. */
  readonly settle: (candidates: readonly Candidate[], hidden: ReadonlySet<string>) => Promise<Settled>;
  /** Candidates that are settled at once. */
  readonly candidatesMax: number;
  /** At most this many differences, and as many unsettled keys, are named; all are counted. */
  readonly namedMax: number;
  readonly onProgress: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  readonly step: "source" | "lake" | "settling";
  /** Items read, or candidates settled. */
  readonly done: number;
}

export interface Verification {
  /** Items of the source that belong to the lake table. */
  readonly sourceItems: number;
  /** Items of the source that belong to no lake table by the schema's `where`. */
  readonly skipped: number;
  readonly lakeItems: number;
  readonly ranges: { readonly used: number; readonly differing: number };
  /** Keys whose items differed between the two readings. */
  readonly candidates: number;
  readonly counts: Readonly<Record<DifferenceKind | UnsettledKind, number>>;
  readonly differences: readonly Difference[];
  readonly unsettled: readonly Unsettled[];
  /** Attributes that could not be compared. */
  readonly hidden: readonly string[];
}

/** Items of one side that are compared at once: some tens of megabytes. */
const ITEMS_AT_ONCE = 100_000;

export async function verify(context: VerifyContext): Promise<Verification> {
  const hidden = hiddenAttributes(context.schema);
  const source = await readSource(context, new Set(hidden));
  const lake = await readLake(context, new Set(hidden));
  const ranges = compareRanges(source.shelves.digests, lake.digests);
  const findings = new Findings(context.namedMax);
  let candidates = 0;
  for await (const some of candidatesOf(context, ranges, source.shelves, lake)) {
    findings.add(await context.settle(some, new Set(hidden)));
    candidates += some.length;
    context.onProgress({ step: "settling", done: candidates });
  }
  return {
    sourceItems: source.shelves.digests.items,
    skipped: source.skipped,
    lakeItems: lake.digests.items,
    ranges: { used: ranges.used, differing: ranges.differing.length },
    candidates,
    counts: findings.counts,
    differences: findings.differences,
    unsettled: findings.unsettled,
    hidden,
  };
}

class Findings implements Pick<Verification, "counts" | "differences" | "unsettled"> {
  readonly counts: Record<DifferenceKind | UnsettledKind, number> = {
    missing: 0,
    extra: 0,
    different: 0,
    repeated: 0,
    unreadable: 0,
    waiting: 0,
    changing: 0,
    unknown: 0,
    newer: 0,
  };
  readonly differences: Difference[] = [];
  readonly unsettled: Unsettled[] = [];
  readonly #namedMax: number;

  constructor(namedMax: number) {
    this.#namedMax = namedMax;
  }

  add({ differences, unsettled }: Settled): void {
    for (const { kind } of [...differences, ...unsettled]) this.counts[kind]++;
    this.differences.push(...differences.slice(0, this.#namedMax - this.differences.length));
    this.unsettled.push(...unsettled.slice(0, this.#namedMax - this.unsettled.length));
  }
}

interface ReadSource {
  readonly shelves: ItemShelves;
  readonly skipped: number;
}

async function readSource(context: VerifyContext, hidden: ReadonlySet<string>): Promise<ReadSource> {
  const { schema } = context;
  const shelves = new ItemShelves(context.scratch, "source");
  const textOfKey = keyTexts(schema.key);
  let skipped = 0;
  await context.source.scan(async (items) => {
    const own =
      schema.where.length === 0 ? items : items.filter((scanned) => belongs(schema, scanned.item()));
    skipped += items.length - own.length;
    await shelves.put(own.map((scanned) => ofSource(schema, hidden, textOfKey, scanned)));
    context.onProgress({ step: "source", done: shelves.digests.items + skipped });
  });
  return { shelves, skipped };
}

async function readLake(context: VerifyContext, hidden: ReadonlySet<string>): Promise<ItemShelves> {
  const shelves = new ItemShelves(context.scratch, "lake");
  const textOfKey = keyTexts(context.schema.key);
  await context.lake.rows(async (rows) => {
    await shelves.put(rows.map((row) => ofLake(hidden, textOfKey, row)));
    context.onProgress({ step: "lake", done: shelves.digests.items });
  });
  return shelves;
}

function ofSource(
  schema: Schema,
  hidden: ReadonlySet<string>,
  textOfKey: KeyTexts,
  scanned: ScannedItem,
): ShelvedItem {
  const key = scanned.key(schema.key);
  if (key === undefined) {
    const names = keyAttributes(schema.key).join(" and ");
    throw new DynalakeError("USAGE", `the items of "${schema.source}" have no key ${names}`, {
      next: "Check that --table and --lake belong together: the lake's schema names another key than the table has.",
    });
  }
  const hash = keyHash(key);
  return {
    keyHash: hash,
    itemHash: itemHash(hash, comparedText(hidden, scanned)),
    keyText: textOfKey(key),
  };
}

/** What no item of the source hashes to. */
const UNREADABLE_HASH = "0".repeat(32);

function ofLake(
  hidden: ReadonlySet<string>,
  textOfKey: KeyTexts,
  { keyHash: hash, item }: LakeRow,
): ShelvedItem {
  try {
    const key = item.key();
    const keyText = key === undefined ? "" : textOfKey(key);
    return { keyHash: hash, itemHash: itemHash(hash, comparedText(hidden, item)), keyText };
  } catch {
    // Whatever stands there, no item has become it.
    return { keyHash: hash, itemHash: UNREADABLE_HASH, keyText: "" };
  }
}

function comparedText(hidden: ReadonlySet<string>, either: Pick<ScannedItem, "item" | "text">): string {
  return hidden.size === 0 ? either.text() : itemText(withoutHidden(hidden, either.item()));
}

function candidateOf(
  schema: Schema,
  { keyHash: hash, keyText }: Pick<ShelvedItem, "keyHash" | "keyText">,
): Candidate {
  const key = keyText === "" ? undefined : keyOf(schema.key, JSON.parse(keyText) as Item);
  // A row of the lake under the hash of another key gives no key to ask for.
  return { keyHash: hash, key: key !== undefined && keyHash(key) === hash ? key : undefined };
}

/** The candidates of all ranges that differ, in groups. */
async function* candidatesOf(
  context: VerifyContext,
  { differing }: ComparedRanges,
  source: ItemShelves,
  lake: ItemShelves,
): AsyncGenerator<readonly Candidate[]> {
  const itemsOf = (range: number): number => Math.max(source.digests.count(range), lake.digests.count(range));
  let found: Candidate[] = [];
  for (const group of rangeGroups(differing, itemsOf, ITEMS_AT_ONCE)) {
    for (const item of await differingItems(source, lake, group)) {
      found.push(candidateOf(context.schema, item));
      if (found.length < context.candidatesMax) continue;
      yield found;
      found = [];
    }
  }
  if (found.length > 0) yield found;
}

/** What only one side has, or both have otherwise. */
async function differingItems(
  source: ItemShelves,
  lake: ItemShelves,
  group: RangeGroup,
): Promise<readonly Pick<ShelvedItem, "keyHash" | "keyText">[]> {
  const expected = new Map<string, ShelvedItem>();
  for await (const item of source.items(group)) expected.set(item.keyHash, item);
  const found = new Set<string>();
  const differing = new Map<string, string>();
  for await (const { keyHash: hash, itemHash: shown, keyText } of lake.items(group)) {
    const wanted = expected.get(hash);
    const isRepeated = found.has(hash);
    found.add(hash);
    // breakage: repeated-keys-differ
    if (wanted?.itemHash !== shown || isRepeated) differing.set(hash, wanted?.keyText ?? keyText);
  }
  for (const [hash, { keyText }] of expected) if (!found.has(hash)) differing.set(hash, keyText);
  return [...differing].map(([hash, keyText]) => ({ keyHash: hash, keyText }));
}
