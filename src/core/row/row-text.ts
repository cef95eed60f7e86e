/**
 * The text of a row's item, without the item: from the values of the columns straight to DynamoDB JSON. A row with anything in
 * `_unmapped`, or with a value that is not in its usual form, takes the way over the item; both give the same text.
 */
import type { ColumnType, PartType } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import { type AttributeValue, itemText, readAttributeValue, valueText } from "../values/attribute-value.ts";
import { jsonString } from "../values/json-string.ts";
import { canonicalNumber } from "../values/number.ts";
import type { Codec, WireValue } from "./encoding.ts";
import { type ItemRow, type RowCodec, toItem } from "./row.ts";

/** The same as `itemText(toItem(codec, row))`. */
export type RowTexts = (row: ItemRow) => string;

/** DynamoDB JSON of a value of a column; undefined where only the way over the item tells. */
type ValueText = (wire: NonNullable<WireValue>) => string | undefined;

interface ColumnText {
  readonly index: number;
  /** `"attribute":` */
  readonly member: string;
  readonly textOf: ValueText;
}

export function rowTexts(codec: RowCodec): RowTexts {
  const columns = columnTexts(codec);
  return (row) => {
    const text = row.unmapped === null ? usualText(columns, row.values) : undefined;
    return text ?? itemText(toItem(codec, row));
  };
}

/** In the order of the attributes, as `itemText` has them. A masked value does not come back. */
function columnTexts({ schema, codecs }: RowCodec): readonly ColumnText[] {
  return schema.columns
    .map((column, index) => ({ column, index }))
    .filter(({ column }) => !column.masked)
    .sort((a, b) => (a.column.attribute < b.column.attribute ? -1 : 1))
    .map(({ column, index }) => ({
      index,
      member: `${jsonString(column.attribute)}:`,
      textOf: columnText(column, codecs[index] as Codec),
    }));
}

function usualText(columns: readonly ColumnText[], values: readonly WireValue[]): string | undefined {
  let text = "";
  for (const { index, member, textOf } of columns) {
    const wire = values[index];
    if (wire === null || wire === undefined) continue;
    const value = textOf(wire);
    if (value === undefined) return undefined;
    text += text === "" ? member + value : `,${member}${value}`;
  }
  return `{${text}}`;
}

function columnText(column: Column, codec: Codec): ValueText {
  const { type } = column;
  if (column.set && type.kind === "array") return setText(type.element) ?? decodedText(codec);
  if (type.kind === "array" || type.kind === "map" || type.kind === "struct") {
    const textOf = partText(type);
    return (wire) => textOf(JSON.parse(String(wire)));
  }
  return scalarText(type) ?? decodedText(codec);
}

/** By the column's own codec. */
function decodedText(codec: Codec): ValueText {
  return (wire) => valueText(readAttributeValue(codec.decode(wire) as AttributeValue));
}

/** Undefined for the types whose texts their codecs write. */
function scalarText({ kind }: ColumnType): ValueText | undefined {
  switch (kind) {
    case "string":
      return (wire) =>
        typeof wire === "string" && wire.isWellFormed() ? `{"S":${jsonString(wire)}}` : undefined;
    case "boolean":
      return (wire) => `{"BOOL":${wire === true || wire === "true"}}`;
    case "int":
    case "bigint":
    case "decimal":
      return (wire) => numberText(String(wire));
    case "double":
      return (wire) => numberText(String(Number(wire)));
    default:
      return undefined;
  }
}

function numberText(written: string): string | undefined {
  const number = canonicalNumber(written);
  return number === undefined ? undefined : `{"N":"${number}"}`;
}

/** A set of strings whose members are in order and different; others take the way over the item, which sorts them. */
function setText({ kind }: PartType): ValueText | undefined {
  if (kind !== "string") return undefined;
  return (wire) => {
    const members: unknown = JSON.parse(String(wire));
    if (!Array.isArray(members)) return undefined;
    let text = "";
    let before: string | undefined;
    for (const member of members) {
      if (typeof member !== "string" || !member.isWellFormed()) return undefined;
      if (before !== undefined && !(before < member)) return undefined; // breakage: row-text-sets-in-order
      text += before === undefined ? jsonString(member) : `,${jsonString(member)}`;
      before = member;
    }
    return `{"SS":[${text}]}`;
  };
}

/** DynamoDB JSON of a part, of what its JSON text means. */
type PartText = (json: unknown) => string | undefined;

function partText(type: PartType): PartText {
  switch (type.kind) {
    case "array":
      return arrayText(partText(type.element));
    case "map":
      return mapText(partText(type.value));
    case "struct":
      return structText(type);
    default: {
      const textOf = scalarText(type);
      return (json) => (json === null ? '{"NULL":true}' : textOf?.(json as NonNullable<WireValue>));
    }
  }
}

function arrayText(elementText: PartText): PartText {
  return (json) => {
    if (!Array.isArray(json)) return json === null ? '{"NULL":true}' : undefined;
    let text = "";
    for (const element of json) {
      const part = elementText(element);
      if (part === undefined) return undefined;
      text += text === "" ? part : `,${part}`;
    }
    return `{"L":[${text}]}`;
  };
}

function mapText(memberText: PartText): PartText {
  return (json) => {
    if (typeof json !== "object" || json === null) return json === null ? '{"NULL":true}' : undefined;
    const map = json as Readonly<Record<string, unknown>>;
    let text = "";
    for (const name of Object.keys(map).sort()) {
      const part = name.isWellFormed() ? memberText(map[name]) : undefined;
      if (part === undefined) return undefined;
      text += `${text === "" ? "" : ","}${jsonString(name)}:${part}`;
    }
    return `{"M":{${text}}}`;
  };
}

/** A field that is null or missing was not there. */
function structText({ fields }: Extract<PartType, { kind: "struct" }>): PartText {
  const members = fields
    .toSorted((a, b) => (a.attribute < b.attribute ? -1 : 1))
    .map(({ attribute, name, type }) => ({
      name,
      member: `${jsonString(attribute)}:`,
      textOf: partText(type),
    }));
  return (json) => {
    if (typeof json !== "object" || json === null) return json === null ? '{"NULL":true}' : undefined;
    const struct = json as Readonly<Record<string, unknown>>;
    let text = "";
    for (const { name, member, textOf } of members) {
      if (!Object.hasOwn(struct, name) || struct[name] === null) continue;
      const part = textOf(struct[name]);
      if (part === undefined) return undefined;
      text += `${text === "" ? "" : ","}${member}${part}`;
    }
    return `{"M":{${text}}}`;
  };
}
