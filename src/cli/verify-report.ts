/** What `verify` found, for people and for programs. Keys are named, since a difference has no other name; values never are. */

import type { Gap } from "../core/format/manifest.ts";
import type { Undelivered } from "../core/status/status.ts";
import { type Item, itemText } from "../core/values/attribute-value.ts";
import type { Verification } from "../core/verify/verify.ts";
import type { DifferenceKind, Finding, UnsettledKind } from "../core/verify/verify-settle.ts";

export interface VerifiedTable extends Verification {
  readonly table: string;
  readonly source: string;
  /** Reasons of the quarantine, by the hashes of keys that differ. */
  readonly quarantined: ReadonlyMap<string, string>;
  /** Objects in quarantine. */
  readonly quarantine: number;
  readonly undelivered: Undelivered;
  readonly openGaps: readonly Gap[];
}

export type VerifyResult = "identical" | "different" | "unsettled";

const DIFFERENCES = ["missing", "extra", "different", "repeated", "unreadable"] as const;
const UNSETTLED = ["waiting", "changing", "unknown"] as const;

export function resultOf({ counts }: Pick<Verification, "counts">): VerifyResult {
  if (DIFFERENCES.some((kind) => counts[kind] > 0)) return "different";
  return UNSETTLED.some((kind) => counts[kind] > 0) ? "unsettled" : "identical";
}

export function verifyText(table: VerifiedTable): string {
  const { ranges } = table;
  // What an export cannot tell of is no finding; it is counted.
  const unsettled = table.unsettled.filter(({ kind }) => kind !== "newer");
  const skipped = table.skipped === 0 ? "" : `; ${number(table.skipped)} others belong to other tables`;
  const lines: readonly (readonly [string, string])[] = [
    ["table", `${table.table} (source ${table.source})`],
    [
      "compared",
      `${number(table.sourceItems)} items of the source with ${number(table.lakeItems)} of the lake${skipped}`,
    ],
    [
      "ranges",
      `${number(ranges.used)} of keys, of which ${number(ranges.differing)} differed; keys that were asked again: ${number(table.candidates)}`,
    ],
    ...(table.hidden.length === 0
      ? []
      : [["left out", `masked attributes: ${table.hidden.join(", ")}`] as const]),
    ...asideLines(table),
    ...table.differences.map((found) => findingLine(found, table.quarantined.get(found.keyHash))),
    ...moreLine(countOf(table, DIFFERENCES) - table.differences.length, "differences"),
    ...unsettled.map((found) => findingLine(found, undefined)),
    ...moreLine(countOf(table, UNSETTLED) - unsettled.length, "keys that are not settled"),
    ["result", resultText(table)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}\n`).join("");
}

function findingLine(
  found: Finding<DifferenceKind | UnsettledKind>,
  quarantined: string | undefined,
): readonly [string, string] {
  const attributes = found.attributes.length === 0 ? "" : `  ${found.attributes.map(nameText).join(", ")}`;
  const reason = quarantined === undefined ? "" : `  (in quarantine: ${quarantined})`;
  return [found.kind, `${keyText(found)}${attributes}${reason}`];
}

function keyText({ key, keyHash }: { readonly key: Item | undefined; readonly keyHash: string }): string {
  return key === undefined ? `_key ${keyHash}` : escaped(itemText(key));
}

/** A name that could be taken for several stands in quotes. */
function nameText(attribute: string): string {
  return /^[\w.-]+$/.test(attribute) ? attribute : escaped(JSON.stringify(attribute));
}

/** JSON that stays the same JSON, and moves no terminal's cursor: some control characters may stand in it as they are. */
function escaped(json: string): string {
  return json.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function moreLine(more: number, what: string): readonly (readonly [string, string])[] {
  return more <= 0 ? [] : [["...", `${number(more)} more ${what}; --max names more`]];
}

function asideLines(table: VerifiedTable): readonly (readonly [string, string])[] {
  const { failedBatches, unconverted } = table.undelivered;
  const aside = failedBatches + unconverted;
  return [
    ...(table.quarantine === 0 ? [] : [["quarantine", `${number(table.quarantine)} files`] as const]),
    ...(aside === 0
      ? []
      : [["put aside", `${number(aside)} objects with changes that wait for \`replay\``] as const]),
    ...table.openGaps.map((gap) => ["GAP", gap.detail] as const),
  ];
}

const KIND_TEXTS: Readonly<Record<DifferenceKind | UnsettledKind, string>> = {
  missing: "missing in the lake",
  extra: "in the lake alone",
  different: "different",
  repeated: "several times in the lake",
  unreadable: "unreadable in the lake",
  waiting: "on the stream and not delivered yet (`dynalake run` delivers)",
  changing: "changing all the time",
  unknown: "behind a stream that was not read to its end in time",
  newer: "changed after the export and not compared",
};

function resultText(table: VerifiedTable): string {
  const list = (kinds: readonly (DifferenceKind | UnsettledKind)[]): string =>
    kinds
      .filter((kind) => table.counts[kind] > 0)
      .map((kind) => `${number(table.counts[kind])} ${KIND_TEXTS[kind]}`)
      .join(", ");
  const open = list(UNSETTLED);
  const newer = list(["newer"]);
  switch (resultOf(table)) {
    case "identical":
      return newer === ""
        ? "IDENTICAL: the lake has every item of the source, and no other"
        : `IDENTICAL as far as an export can tell; ${newer}`;
    case "different":
      return `DIFFERENT: ${list(DIFFERENCES)}${open === "" ? "" : `; not settled: ${open}`}`;
    case "unsettled":
      return `NOT PROVED: no difference is certain; ${open}`;
  }
}

function countOf({ counts }: Verification, kinds: readonly (DifferenceKind | UnsettledKind)[]): number {
  return kinds.reduce((sum, kind) => sum + counts[kind], 0);
}

/** The same as plain data: stable names, keys as DynamoDB JSON. */
export function verifyJson(table: VerifiedTable): Readonly<Record<string, unknown>> {
  const { table: name, source, quarantined, differences, unsettled, openGaps, ...facts } = table;
  return {
    table: name,
    source,
    result: resultOf(table),
    ...facts,
    differences: differences.map(({ kind, key, keyHash, attributes }) => {
      const reason = quarantined.get(keyHash);
      return {
        kind,
        key: key ?? null,
        _key: keyHash,
        attributes,
        ...(reason === undefined ? {} : { quarantined: reason }),
      };
    }),
    unsettled: unsettled.map(({ kind, key, keyHash }) => ({ kind, key: key ?? null, _key: keyHash })),
    openGaps: openGaps.map(({ reason, detail }) => ({ reason, detail })),
  };
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
