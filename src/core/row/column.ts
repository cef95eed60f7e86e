/** The codec of a whole column: its type's, or that of a set, a timestamp format or a mask. */

import type { ColumnType, PartType } from "../schema/column-type.ts";
import type { Column } from "../schema/schema.ts";
import { type AttributeValue, valueText } from "../values/attribute-value.ts";
import { hmacSha256 } from "../values/hash.ts";
import { jsonString } from "../values/json-string.ts";
import { type Codec, Inexact, MISFIT } from "./encoding.ts";
import { jsonFromText, jsonText } from "./json.ts";
import { nestedFromText, nestedText } from "./nested.ts";
import { scalarCodec } from "./scalar.ts";
import { timestampDecode, timestampEncode } from "./time.ts";

/** The codec of a column; `maskKey` is needed for masked columns only. */
export function columnCodec(column: Column, maskKey: Uint8Array | undefined): Codec {
  if (column.masked) return maskCodec(maskKey);
  if (column.type.kind === "timestamp") {
    return {
      encode: (value) => timestampEncode(value, column.format),
      decode: (wire) => timestampDecode(String(wire), column.format),
    };
  }
  if (column.set && column.type.kind === "array") return setCodec(column.type.element);
  return typeCodec(column.type);
}

function typeCodec(type: ColumnType): Codec {
  switch (type.kind) {
    case "json":
      return { encode: jsonText, decode: (wire) => jsonFromText(String(wire)) };
    case "array":
    case "map":
    case "struct":
      return {
        encode: (value) => nestedText(type, value),
        decode: (wire) => nestedFromText(type, String(wire)),
      };
    default:
      return scalarCodec(type);
  }
}

/** A column declared from a set. A list in it shows its elements, but only `_unmapped` can give the list back. */
function setCodec(element: PartType): Codec {
  const type: PartType = { kind: "array", element };
  const name = element.kind === "string" ? "SS" : element.kind === "binary" ? "BS" : "NS";
  const memberName = name.charAt(0);
  return {
    encode: (value) => {
      const members = (value as Record<string, unknown>)[name];
      if (Array.isArray(members)) {
        // The same as the list of its members, sooner.
        if (element.kind === "string") return `[${members.map(jsonString).join(",")}]`;
        return nestedText(type, asList(memberName, members));
      }
      const text = "L" in value ? nestedText(type, value) : MISFIT;
      return text instanceof Inexact ? text : new Inexact(text);
    },
    decode: (wire) => {
      const list = nestedFromText(type, String(wire)) as { readonly L: readonly Record<string, string>[] };
      const members = list.L.map((member) => member[memberName] as string);
      return { [name]: members } as unknown as AttributeValue;
    },
  };
}

function asList(memberName: string, members: readonly string[]): AttributeValue {
  return { L: members.map((member) => ({ [memberName]: member }) as unknown as AttributeValue) };
}

/** HMAC-SHA-256 (RFC 2104) of the value's DynamoDB JSON: equal values have equal hashes, so that joins still work. */
function maskCodec(maskKey: Uint8Array | undefined): Codec {
  return {
    encode: (value) => {
      // breakage: masked-needs-key
      if (maskKey === undefined) throw new Error("a masked column needs a mask key");
      return hmacSha256(maskKey, valueText(value));
    },
    decode: () => undefined,
  };
}
