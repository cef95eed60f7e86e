/** Items that a scan has in hand, and texts of items that it has not parsed. */
import type { KeyValues, ScannedItem } from "../ports/verified.ts";
import { type Item, itemText, readItem } from "../values/attribute-value.ts";
import { type KeySchema, keyOf } from "../values/key.ts";

/** An item that has been read by `readItem`. */
export function itemInHand(item: Item): ScannedItem {
  return { item: () => item, text: () => itemText(item), key: (schema) => keyOf(schema, item) };
}

/** An item of which there is the text, and the key that `schema` names. */
export class UnparsedItem implements ScannedItem {
  readonly #text: string;
  readonly #schema: KeySchema;
  readonly #key: KeyValues;

  constructor(text: string, schema: KeySchema, key: KeyValues) {
    this.#text = text;
    this.#schema = schema;
    this.#key = key;
  }

  item(): Item {
    return readItem(JSON.parse(this.#text));
  }

  text(): string {
    return this.#text;
  }

  /** Tables that share a scan have schemas of their own. */
  key(schema: KeySchema): KeyValues | undefined {
    return schema === this.#schema ? this.#key : keyOf(schema, this.item());
  }
}
