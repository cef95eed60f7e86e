/**
 * Differences that two readings at different times show are candidates: the source moves and the lake follows it. A candidate
 * is a difference only where its item stood still in the source, no change of it was under way, and the lake shows it otherwise.
 */

import { belongs } from "../change/selection.ts";
import type {
  Deliveries,
  DeliveryMark,
  KeyValues,
  LakeRow,
  VerifiedLake,
  VerifiedSource,
} from "../ports/verified.ts";
import type { Schema } from "../schema/schema.ts";
import { type Item, itemText } from "../values/attribute-value.ts";
import { keyItem } from "../values/key.ts";
import { differingAttributes, withoutHidden } from "./verify-item.ts";

/** A key whose item differed between the two sides. */
export interface Candidate {
  readonly keyHash: string;
  /** Undefined if neither side has it. */
  readonly key: KeyValues | undefined;
}

/** missing: the lake lacks the item. extra: the source does. repeated: the lake has several. unreadable: a row of the lake is no item. */
export type DifferenceKind = "missing" | "extra" | "different" | "repeated" | "unreadable";

/**
 * waiting: the lake will show it as the source has it once the stream is delivered. changing: it was another at each look.
 * unknown: the stream could not be read to its end. newer: it changed after the export that the lake is compared with.
 */
export type UnsettledKind = "waiting" | "changing" | "unknown" | "newer";

export interface Finding<Kind extends string> {
  readonly kind: Kind;
  readonly keyHash: string;
  /** The attributes of the key. */
  readonly key: Item | undefined;
  /** The names of the attributes that differ, of an item that both sides have. */
  readonly attributes: readonly string[];
}

export type Difference = Finding<DifferenceKind>;
export type Unsettled = Finding<UnsettledKind>;

export interface Settled {
  readonly differences: readonly Difference[];
  readonly unsettled: readonly Unsettled[];
}

export interface SettleContext {
  readonly schema: Schema;
  readonly hidden: ReadonlySet<string>;
  readonly source: Pick<VerifiedSource, "items">;
  readonly lake: Pick<VerifiedLake, "rowsOf">;
  readonly deliveries: Deliveries;
  /** How long candidates get. */
  readonly settleSeconds: number;
  /** After this time a change is on the stream, and a delivered one is in the view. */
  readonly delaySeconds: number;
  readonly pauseSeconds: number;
  readonly nowMs: () => number;
  readonly wait: (seconds: number) => Promise<void>;
}

export async function settle(context: SettleContext, candidates: readonly Candidate[]): Promise<Settled> {
  const untilMs = context.nowMs() + context.settleSeconds * 1000;
  const differences: Difference[] = [];
  let open = await withoutEqual(context, candidates);
  let unsettled: readonly Unsettled[] = [];
  while (open.length > 0) {
    const mark = await context.deliveries.mark();
    const verdicts = await judge(context, mark, open);
    differences.push(...verdicts.differences);
    unsettled = verdicts.unsettled;
    const kept = new Set(unsettled.map(({ keyHash }) => keyHash));
    open = open.filter(({ keyHash }) => kept.has(keyHash));
    const willMove = mark.moving || unsettled.some(({ kind }) => kind !== "waiting");
    if (!willMove || context.nowMs() >= untilMs) break;
    if (open.length > 0) await context.wait(context.pauseSeconds);
  }
  return { differences, unsettled };
}

/** Most candidates of a table that is written to are the same at a second look. */
async function withoutEqual(
  context: SettleContext,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const inSource = await sourceItems(context, candidates);
  const inLake = await shownItems(context, candidates);
  return candidates.filter(({ keyHash }) => !isSame(inSource.get(keyHash), inLake.get(keyHash)));
}

/**
 * One look, in the order that makes it sound: a mark, the source, the lake, the stream, the source again. What the source had
 * before the mark is in the lake; what came after it is on the stream; and where nothing came after it, the item that stood
 * still in the source has to stand in the lake.
 */
async function judge(
  context: SettleContext,
  mark: DeliveryMark,
  open: readonly Candidate[],
): Promise<Settled> {
  const before = await sourceItems(context, open);
  await context.wait(context.delaySeconds);
  const inLake = await shownItems(context, open);
  const rest = open.filter(({ keyHash }) => !isSame(before.get(keyHash), inLake.get(keyHash)));
  if (rest.length === 0) return { differences: [], unsettled: [] };
  const changes = await mark.changesOf(new Set(rest.map(({ keyHash }) => keyHash)));
  const after = await sourceItems(context, rest);
  const differences: Difference[] = [];
  const unsettled: Unsettled[] = [];
  for (const candidate of rest) {
    const { keyHash } = candidate;
    const item = after.get(keyHash);
    const rows = inLake.get(keyHash);
    if (isSame(item, rows)) continue;
    const stoodStill = textOf(before.get(keyHash)) === textOf(item); // breakage: moving-items-not-different
    const arrives = changes === "unknown" ? undefined : changes.get(keyHash);
    // breakage: pending-changes-not-different
    if (changes !== "unknown" && stoodStill && !changes.has(keyHash)) {
      differences.push(difference(context.schema, candidate, item, rows));
      continue;
    }
    const waits = stoodStill && textOf(seen(context, arrives)) === textOf(item) ? "waiting" : "changing";
    const kind = changes === "unknown" && stoodStill ? "unknown" : waits;
    unsettled.push(unsettledOf(context.schema, candidate, kind));
  }
  return { differences, unsettled };
}

/** What a lake shows for a key: its items, or "unreadable" for a row that is none. */
type Shown = readonly (Item | "unreadable")[];

export function isSame(item: Item | undefined, shown: Shown | undefined): boolean {
  if (shown === undefined) return item === undefined;
  const [row] = shown;
  return shown.length === 1 && row !== "unreadable" && textOf(row) === textOf(item);
}

function textOf(item: Item | undefined): string | undefined {
  return item === undefined ? undefined : itemText(item);
}

/** What a difference is, of an item of the source and the rows that the lake has in its place. */
export function difference(
  schema: Schema,
  candidate: Candidate,
  item: Item | undefined,
  shown: Shown | undefined,
): Difference {
  const { keyHash } = candidate;
  const key = itemOfKey(schema, candidate.key);
  const of = (kind: DifferenceKind, attributes: readonly string[] = []): Difference => ({
    kind,
    keyHash,
    key,
    attributes,
  });
  const [row] = shown ?? [];
  if (row === undefined) return of("missing");
  if (shown?.includes("unreadable") === true || row === "unreadable") return of("unreadable");
  if (shown !== undefined && shown.length > 1) return of("repeated");
  if (item === undefined) return of("extra");
  return of("different", differingAttributes(item, row));
}

export function unsettledOf(schema: Schema, { keyHash, key }: Candidate, kind: UnsettledKind): Unsettled {
  return { kind, keyHash, key: itemOfKey(schema, key), attributes: [] };
}

/** The items of the source that belong to the table, as the lake can have them. */
export async function sourceItems(
  context: Pick<SettleContext, "schema" | "hidden" | "source">,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, Item>> {
  const known = candidates.filter(({ key }) => key !== undefined);
  const items = await context.source.items(known.map(({ key }) => key as KeyValues));
  const found = new Map<string, Item>();
  for (const [i, { keyHash }] of known.entries()) {
    const item = seen(context, items[i]);
    if (item !== undefined) found.set(keyHash, item);
  }
  return found;
}

export async function shownItems(
  { lake, hidden }: Pick<SettleContext, "lake" | "hidden">,
  candidates: readonly Candidate[],
): Promise<ReadonlyMap<string, Shown>> {
  const found = new Map<string, (Item | "unreadable")[]>();
  for (const { keyHash, item } of await lake.rowsOf(candidates.map((candidate) => candidate.keyHash))) {
    const shown = found.get(keyHash) ?? [];
    shown.push(shownItem(hidden, item));
    found.set(keyHash, shown);
  }
  return found;
}

function shownItem(hidden: ReadonlySet<string>, stored: LakeRow["item"]): Item | "unreadable" {
  try {
    return withoutHidden(hidden, stored.item());
  } catch {
    // Whatever stands there, no item has become it.
    return "unreadable";
  }
}

/** An item of the source as the lake can have it: undefined where it belongs to another table. */
function seen(
  { schema, hidden }: Pick<SettleContext, "schema" | "hidden">,
  item: Item | undefined,
): Item | undefined {
  return item !== undefined && belongs(schema, item) ? withoutHidden(hidden, item) : undefined;
}

function itemOfKey(schema: Schema, key: KeyValues | undefined): Item | undefined {
  if (key === undefined) return undefined;
  return keyItem(schema.key, key);
}
