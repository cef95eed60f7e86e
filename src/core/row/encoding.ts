/**
 * What one attribute value becomes on the wire. An encoding is exact or says that it is not: whatever a column alone could
 * not give back is kept in `_unmapped` too.
 */
import type { AttributeValue } from "../values/attribute-value.ts";

/** What a column holds on the wire. int and double travel as number, bigint as bigint, all else that is no boolean as text. */
export type WireValue = string | number | bigint | boolean | null;

/** An encoding that does not give the attribute back by itself; null where the value does not fit the column at all. */
export class Inexact {
  readonly value: WireValue;
  constructor(value: WireValue) {
    this.value = value;
  }
}

export const MISFIT: Inexact = new Inexact(null);

export interface Codec {
  readonly encode: (value: AttributeValue) => WireValue | Inexact;
  /** Gives back what an exact encoding encoded; undefined where a masked value cannot be given back. */
  readonly decode: (wire: NonNullable<WireValue>) => AttributeValue | undefined;
}
