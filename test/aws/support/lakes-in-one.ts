/**
 * Combines statements of many lakes into one. Trino takes about a third of a second to plan a view, so the statements of
 * hundreds of lakes would take minutes. But lakes with the same statement can share its relations if their keys are distinct,
 * because the statements work key by key. If statements differ only in their times, the clocks of the lakes are shifted to
 * make them equal. DuckDB runs each lake separately, so a mistake here shows as a difference too.
 */
import type { RelationColumn } from "../../simulator/model-engine.ts";
import type { SqlValue } from "../../simulator/sql-evaluation.ts";
import type { Twins } from "./twin-statements.ts";

/** A statement of one lake among others. The lake's number, from 1, is part of its keys. */
export interface Numbered {
  readonly number: number;
  readonly twins: Twins;
}

export interface Together<Member extends Numbered> {
  /** For messages: @0, @1, ... stand for the rows. */
  readonly text: string;
  readonly sql: string;
  /** A single one if the statement returns no keys. */
  readonly members: readonly Member[];
}

/** Cells as text; times are seconds since the epoch. */
export type Row = readonly (string | null)[];

/** Greater than every key of the model. */
const KEYS = 1000;
/** The first time in each statement is shifted to this. */
const CLOCK_SECONDS = 1_700_000_000;
/** Matches only times in the statements of histories. */
const TIMES = /\b17\d{8}\b/g;
const TIME_COLUMNS: ReadonlySet<string> = new Set([
  "_changed_at",
  "ddb_export_timestamp",
  "oldest",
  "newest",
]);

/** Combines statements that differ only in their rows, into statements of at most `bytesMax`. */
export function together<Member extends Numbered>(
  all: readonly Member[],
  bytesMax: number,
): readonly Together<Member>[] {
  const groups = new Map<string, Moved<Member>[]>();
  for (const member of all) {
    const moved = amongOthers(member);
    const columns = moved.relations.map((relation) => relation.columns);
    const alike = JSON.stringify([moved.text, columns, tellsKeys(member.twins) ? "keys" : member.number]);
    const group = groups.get(alike) ?? [];
    group.push(moved);
    groups.set(alike, group);
  }
  return [...groups.values()].flatMap((group) =>
    packed(group, bytesMax).map((pack) => {
      const { text } = pack[0] as Moved<Member>;
      return { text, sql: statementOf(text, pack), members: pack.map(({ member }) => member) };
    }),
  );
}

/** The number of the lake that a result row belongs to. */
export function numberOf({ members }: Together<Numbered>, row: Row): number {
  const { number, twins } = members[0] as Numbered;
  return tellsKeys(twins) ? Math.floor(Number(row[twins.names.indexOf(KEY)]) / KEYS) : number;
}

/** Converts a row of a separate lake to what it is among others. */
export function movedRow({ number, twins }: Numbered, row: Row): Row {
  const laterSeconds = laterBy(twins);
  return row.map((value, i) => {
    const name = twins.names[i] as string;
    if (value === null) return null;
    if (name === KEY) return String(movedKey(number, Number(value)));
    if (name === "_key") return movedHash(number, value);
    return TIME_COLUMNS.has(name) ? String(Number(value) + laterSeconds) : value;
  });
}

/** The model's key column. */
const KEY = "k";

function tellsKeys({ names }: Twins): boolean {
  return names.includes(KEY);
}

interface Moved<Member> {
  readonly member: Member;
  readonly text: string;
  /** In the order of the text. */
  readonly relations: readonly Relation[];
}

interface Relation {
  readonly columns: readonly RelationColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
}

function amongOthers<Member extends Numbered>(member: Member): Moved<Member> {
  const { number, twins } = member;
  const { sql, relations } = twins.athena;
  const laterSeconds = laterBy(twins);
  const order = [...new Set([...sql.matchAll(/@(\d+)/g)].map(([, index]) => Number(index)))];
  return {
    member,
    text: sql
      .replace(TIMES, (seconds) => String(Number(seconds) + laterSeconds))
      .replace(/@(\d+)/g, (_, index: string) => `@${order.indexOf(Number(index))}`),
    relations: order.map((index) => {
      const { columns = [], rows = [] } = relations.get(index) ?? {};
      const cell = (column: RelationColumn, value: SqlValue): SqlValue =>
        movedCell(number, laterSeconds, column, value);
      return {
        columns,
        rows: rows.map((row) => columns.map((column) => cell(column, row[column.name] ?? null))),
      };
    }),
  };
}

function laterBy({ athena }: Twins): number {
  return CLOCK_SECONDS - Number(athena.sql.match(TIMES)?.[0] ?? CLOCK_SECONDS);
}

/** A cell for JSON: in the model, times in segments are microseconds, and hashes contain dashes. */
function movedCell(
  number: number,
  laterSeconds: number,
  { name, typeName }: RelationColumn,
  value: SqlValue,
): SqlValue {
  if (value === null) return null;
  if (name === KEY) return movedKey(number, Number(value));
  if (name === "_key") return movedHash(number, String(value).replaceAll("-", ""));
  if (typeName === "timestamp(3)") {
    const time = new Date(Number(value) / 1000 + laterSeconds * 1000).toISOString();
    return time.replace("T", " ").slice(0, -1);
  }
  return TIME_COLUMNS.has(name) ? Number(value) + laterSeconds : value;
}

function movedKey(number: number, key: number): number {
  return number * KEYS + key;
}

/** Keeps its first digits, which determine the bucket. */
function movedHash(number: number, hash: string): string {
  return hash.slice(0, 24) + number.toString(16).padStart(8, "0");
}

function packed<Member>(group: readonly Moved<Member>[], bytesMax: number): readonly Moved<Member>[][] {
  const packs: Moved<Member>[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const moved of group) {
    const more = moved.relations.reduce(
      (sum, { rows }, index) => sum + timesRead(moved.text, index) * rowsText(rows).length,
      0,
    );
    bytes += more;
    if (bytes > bytesMax) {
      packs.push([]);
      bytes = statementOf(moved.text, [moved]).length;
    }
    packs.at(-1)?.push(moved);
  }
  return packs;
}

/** A statement can read a relation several times. Its rows stand there as often. */
function timesRead(text: string, relation: number): number {
  return [...text.matchAll(/@(\d+)/g)].filter(([, index]) => Number(index) === relation).length;
}

/** The rows of each relation are one JSON text, because Trino is slower with many literals. */
function statementOf<Member>(text: string, pack: readonly Moved<Member>[]): string {
  return text.replace(/@(\d+)/g, (_, index: string) => {
    const relations = pack.map((moved) => moved.relations[Number(index)] as Relation);
    const { columns } = relations[0] as Relation;
    const read = columns.map(({ name, typeName }, i) => ({ name, ...fromJson(typeName, `c${i}`) }));
    const values = read.map(({ name, value }) => `${value} AS "${name}"`).join(", ");
    const types = read.map(({ jsonType }, i) => `c${i} ${jsonType}`).join(", ");
    const json = rowsText(relations.flatMap(({ rows }) => rows));
    const names = columns.map((_, i) => `c${i}`).join(", ");
    return `(SELECT ${values} FROM UNNEST(CAST(json_parse('${json}') AS array(row(${types})))) AS all_rows (${names}))`;
  });
}

function rowsText(rows: Relation["rows"]): string {
  return JSON.stringify(rows).replaceAll("'", "''");
}

function fromJson(typeName: string, cell: string): { readonly jsonType: string; readonly value: string } {
  if (typeName === "timestamp(3)") return { jsonType: "varchar", value: `CAST(${cell} AS ${typeName})` };
  if (typeName === "varbinary") return { jsonType: "varchar", value: `from_hex(${cell})` };
  return { jsonType: typeName, value: cell };
}
