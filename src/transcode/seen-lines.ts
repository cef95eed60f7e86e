/** What inference is to know of the items of a data file, from whichever way each of its lines takes. */
import { LineWatch } from "../core/fast-line/line-watch.ts";
import type { ShapeKind } from "../core/infer/infer-shape.ts";
import { type Sightings, seeMisfit, seeValues } from "../core/infer/sightings.ts";
import { Inexact } from "../core/row/encoding.ts";
import type { RowCodec } from "../core/row/row.ts";
import type { AttributeValue, Item } from "../core/values/attribute-value.ts";

export interface SeenLines {
  /** Sees the lines that take the fast way. */
  readonly watch: LineWatch;
  /** Sees the item of a line that was parsed. */
  readonly item: (item: Item) => void;
  /** What was seen of so many items, once all lines are read. */
  readonly all: (items: number) => Sightings;
}

export function seenLines({ codecs, columnOfAttribute, schema }: RowCodec, sightings: Sightings): SeenLines {
  const watch = new LineWatch(schema.columns, (attribute, value) => seeMisfit(sightings, attribute, value));
  return {
    watch,
    item: (item) => {
      for (const attribute in item) {
        const value = item[attribute] as AttributeValue;
        const column = columnOfAttribute.get(attribute);
        if (column === undefined) {
          if (!schema.dropped.has(attribute)) seeMisfit(sightings, attribute, value); // breakage: dropped-values-are-not-summed-up
          continue;
        }
        const [kind = "NULL"] = Object.keys(value) as ShapeKind[];
        seeValues(sightings, attribute, kind, 1);
        const isJson = schema.columns[column]?.type.kind === "json";
        if ("NULL" in value || isJson) continue;
        if (codecs[column]?.encode(value) instanceof Inexact) seeMisfit(sightings, attribute, value);
      }
    },
    all: (items) => {
      sightings.items += items;
      for (const [attribute, type, count] of watch.counts()) seeValues(sightings, attribute, type, count);
      return sightings;
    },
  };
}
