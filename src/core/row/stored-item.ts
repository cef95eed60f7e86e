/** An item as a row of the lake holds it: it becomes an item, or text, only where it is asked for as one. */
import { type AttributeValue, type Item, readAttributeValue } from "../values/attribute-value.ts";
import { keyAttributes, keyOf } from "../values/key.ts";
import type { Codec } from "./encoding.ts";
import { type ItemRow, type RowCodec, toItem } from "./row.ts";
import { type RowTexts, rowTexts } from "./row-text.ts";

export interface StoredItem {
  item(): Item;
  /** The same as `itemText` of the item. */
  text(): string;
  /** The values of the key, as `keyOf` gives them. */
  key(): readonly AttributeValue[] | undefined;
}

/** Makes stored items of the rows of one table. Their methods throw where a row is none of the codec's. */
export function storedItems(codec: RowCodec): (row: ItemRow) => StoredItem {
  const parts: ItemParts = { codec, textOf: rowTexts(codec), key: keyCodecs(codec) };
  return (row) => new RowItem(parts, row);
}

interface ItemParts {
  readonly codec: RowCodec;
  readonly textOf: RowTexts;
  readonly key: readonly { readonly attribute: string; readonly index: number; readonly codec: Codec }[];
}

class RowItem implements StoredItem {
  readonly #parts: ItemParts;
  readonly #row: ItemRow;

  constructor(parts: ItemParts, row: ItemRow) {
    this.#parts = parts;
    this.#row = row;
  }

  item(): Item {
    return toItem(this.#parts.codec, this.#row);
  }

  text(): string {
    return this.#parts.textOf(this.#row);
  }

  key(): readonly AttributeValue[] | undefined {
    const { codec, key } = this.#parts;
    if (this.#row.unmapped !== null) return keyOf(codec.schema.key, this.item());
    const item: Record<string, AttributeValue> = Object.create(null);
    for (const { attribute, index, codec: column } of key) {
      const wire = this.#row.values[index] ?? null;
      const value = wire === null ? undefined : column.decode(wire);
      if (value !== undefined) item[attribute] = readAttributeValue(value);
    }
    return keyOf(codec.schema.key, item);
  }
}

function keyCodecs({ schema, codecs, columnOfAttribute }: RowCodec): ItemParts["key"] {
  return keyAttributes(schema.key).flatMap((attribute) => {
    const index = columnOfAttribute.get(attribute);
    return index === undefined ? [] : [{ attribute, index, codec: codecs[index] as Codec }];
  });
}
