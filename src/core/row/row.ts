/**
 * Items and changes as wire rows, and back. `toItem(codec, toRow(codec, item))` equals the item for every item that
 * DynamoDB can hold; masked and dropped attributes are the one exception.
 */

import type { Schema } from "../schema/schema.ts";
import {
  type AttributeValue,
  type Item,
  itemText,
  readAttributeValue,
  readItem,
} from "../values/attribute-value.ts";
import { columnCodec } from "./column.ts";
import { type Codec, Inexact, type WireValue } from "./encoding.ts";

/** The columns of one item: a value per column of the schema, in its order, and the rest of the item. */
export interface ItemRow {
  readonly values: readonly WireValue[];
  /** DynamoDB JSON of every attribute that the columns alone could not give back, or null. */
  readonly unmapped: string | null;
}

/** A schema made ready for encoding and decoding. */
export interface RowCodec {
  readonly schema: Schema;
  readonly codecs: readonly Codec[];
  readonly columnOfAttribute: ReadonlyMap<string, number>;
  /** There is a key for columns masked by sha256. */
  readonly masks: boolean;
}

/** `maskKey` is the secret of columns masked by sha256. */
export function rowCodec(schema: Schema, maskKey?: Uint8Array): RowCodec {
  return {
    schema,
    codecs: schema.columns.map((column) => columnCodec(column, maskKey)),
    columnOfAttribute: new Map(schema.columns.map((column, i) => [column.attribute, i])),
    masks: maskKey !== undefined,
  };
}

/** The item has been read by `readItem`. */
export function toRow(codec: RowCodec, item: Item): ItemRow {
  const values: WireValue[] = new Array(codec.codecs.length).fill(null);
  const rest: [string, AttributeValue][] = [];
  for (const attribute in item) {
    const value = item[attribute] as AttributeValue;
    const column = codec.columnOfAttribute.get(attribute);
    if (column === undefined) {
      // breakage: undeclared-kept-unless-dropped
      if (!codec.schema.dropped.has(attribute)) rest.push([attribute, value]);
      continue;
    }
    const encoded = (codec.codecs[column] as Codec).encode(value);
    if (encoded instanceof Inexact) {
      values[column] = encoded.value;
      rest.push([attribute, value]); // breakage: misfits-kept
    } else values[column] = encoded;
  }
  return { values, unmapped: rest.length === 0 ? null : itemText(Object.fromEntries(rest)) };
}

/** The item of a row; `_unmapped` wins over the columns. */
export function toItem(codec: RowCodec, row: ItemRow): Item {
  const kept = row.unmapped === null ? undefined : readItem(JSON.parse(row.unmapped));
  const attributes: [string, AttributeValue][] = kept === undefined ? [] : Object.entries(kept);
  for (const [i, { attribute }] of codec.schema.columns.entries()) {
    const wire = row.values[i];
    if (wire === null || wire === undefined || (kept !== undefined && Object.hasOwn(kept, attribute)))
      continue;
    const value = (codec.codecs[i] as Codec).decode(wire);
    if (value !== undefined) attributes.push([attribute, readAttributeValue(value)]);
  }
  return Object.fromEntries(attributes);
}
