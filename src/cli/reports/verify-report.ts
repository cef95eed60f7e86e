/** What `verify` found, for people and for programs. It names keys and attributes, never values. */
import { counted, grouped } from "../../core/counted.ts";
import type {
  Difference,
  DifferenceKind,
  DynamoItem,
  Finding,
  UnsettledKind,
  Verification,
} from "../../index.ts";

const DIFFERENCES = ["missing", "extra", "different", "repeated", "unreadable"] as const;
const UNSETTLED = ["waiting", "changing", "unknown"] as const;

export function verifyText(table: Verification): string {
  const { ranges } = table;
  // An export cannot show newer items: they are counted, and are not findings.
  const unsettled = table.unsettled.filter(({ kind }) => kind !== "newer");
  const skipped = table.skipped === 0 ? "" : `; ${othersText(table.skipped)} to other tables`;
  const lines: readonly (readonly [string, string])[] = [
    ["table", `${table.table} (source ${table.source})`],
    [
      "compared",
      `${counted(table.sourceItems, "item")} of the source with ${grouped(table.lakeItems)} of the lake${skipped}`,
    ],
    [
      "ranges",
      `${grouped(ranges.used)} of keys, of which ${grouped(ranges.differing)} differed; keys that were asked again: ${grouped(table.candidates)}`,
    ],
    ...(table.hidden.length === 0
      ? []
      : [["left out", `masked attributes: ${table.hidden.join(", ")}`] as const]),
    ...asideLines(table),
    ...table.differences.map(differenceLine),
    ...moreLine(countOf(table, DIFFERENCES) - table.differences.length, "differences"),
    ...unsettled.map((found) => [found.kind, keyText(found)] as const),
    ...moreLine(countOf(table, UNSETTLED) - unsettled.length, "keys that are not settled"),
    ["result", resultText(table)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(11)} ${value}\n`).join("");
}

function othersText(skipped: number): string {
  return `${counted(skipped, "other")} ${skipped === 1 ? "belongs" : "belong"}`;
}

/** A difference as a line: its kind, and the rest. */
export function differenceLine(found: Difference): readonly [string, string] {
  const { kind, attributes, quarantined } = found;
  const names = attributes.length === 0 ? "" : `  ${attributes.map(nameText).join(", ")}`;
  const reason = quarantined === undefined ? "" : `  (in quarantine: ${quarantined})`;
  return [kind, `${keyText(found)}${names}${reason}`];
}

function keyText({ key, keyHash }: Pick<Finding<string>, "key" | "keyHash">): string {
  return key === undefined ? `_key ${keyHash}` : escaped(itemText(key));
}

/** Attributes in the order of their names. */
function itemText(key: DynamoItem): string {
  const members = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

/** A name that could be taken for several is in quotes. */
function nameText(attribute: string): string {
  return /^[\w.-]+$/.test(attribute) ? attribute : escaped(JSON.stringify(attribute));
}

/** JSON that stays the same JSON, and moves no terminal's cursor: JSON allows some control characters as they are. */
function escaped(json: string): string {
  return json.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function moreLine(more: number, what: string): readonly (readonly [string, string])[] {
  return more <= 0 ? [] : [["...", `${grouped(more)} more ${what}; --max names more`]];
}

function asideLines(table: Verification): readonly (readonly [string, string])[] {
  const { failedBatches, unconverted, waiting } = table.undelivered;
  const aside = failedBatches + unconverted + waiting;
  return [
    ...(table.quarantine === 0 ? [] : [["quarantine", counted(table.quarantine, "file")] as const]),
    ...(aside === 0
      ? []
      : [["put aside", `${counted(aside, "object")} with changes to \`replay\``] as const]),
    ...table.openGaps.map((gap) => ["GAP", gap.detail] as const),
  ];
}

const KIND_TEXTS: Readonly<Record<DifferenceKind | UnsettledKind, string>> = {
  missing: "missing in the lake",
  extra: "only in the lake",
  different: "different",
  repeated: "several times in the lake",
  unreadable: "unreadable in the lake",
  waiting: "on the stream and not delivered yet (`dynalake run` delivers)",
  changing: "changing all the time",
  unknown: "behind a stream that was not read to its end in time",
  newer: "changed after the export and not compared",
};

function resultText(table: Verification): string {
  const list = (kinds: readonly (DifferenceKind | UnsettledKind)[]): string =>
    kinds
      .filter((kind) => table.counts[kind] > 0)
      .map((kind) => `${grouped(table.counts[kind])} ${KIND_TEXTS[kind]}`)
      .join(", ");
  const open = list(UNSETTLED);
  const newer = list(["newer"]);
  switch (table.result) {
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
export function verifyJson({
  differences,
  unsettled,
  openGaps,
  ...facts
}: Verification): Readonly<Record<string, unknown>> {
  return {
    ...facts,
    differences: differences.map(({ kind, key, keyHash, attributes, ...reason }) => ({
      kind,
      key: key ?? null,
      _key: keyHash,
      attributes,
      ...reason,
    })),
    unsettled: unsettled.map(({ kind, key, keyHash }) => ({ kind, key: key ?? null, _key: keyHash })),
    openGaps: openGaps.map(({ reason, detail }) => ({ reason, detail })),
  };
}
