/** Codecs of the types that have no parts: strings, booleans, numbers, dates, timestamps and binary values. */
import type { ScalarType } from "../schema/column-type.ts";
import { compareNumbers, toExactDouble } from "../values/number.ts";
import { type Codec, type Inexact, MISFIT, type WireValue } from "./encoding.ts";
import { dateDecode, dateEncode, timestampDecode, timestampEncode } from "./time.ts";

export function scalarCodec(type: ScalarType): Codec {
  switch (type.kind) {
    case "string":
      return {
        encode: (value) => ("S" in value ? value.S : MISFIT), // breakage: strings-are-strings-alone
        decode: (wire) => ({ S: String(wire) }),
      };
    case "boolean":
      return {
        encode: (value) => ("BOOL" in value ? value.BOOL : MISFIT),
        decode: (wire) => ({ BOOL: wire === true || wire === "true" }),
      };
    case "int":
      return numberCodec(encodeInt);
    case "bigint":
      return numberCodec(encodeBigint);
    case "double":
      return {
        encode: (value) => ("N" in value ? (toExactDouble(value.N) ?? MISFIT) : MISFIT),
        // Engines write more digits of a double than it needs; JavaScript writes those that it was made of.
        decode: (wire) => ({ N: String(Number(wire)) }),
      };
    case "decimal":
      return numberCodec((canonical) => encodeDecimal(canonical, type.precision, type.scale));
    case "date":
      return { encode: dateEncode, decode: (wire) => dateDecode(String(wire)) };
    case "timestamp":
      return {
        encode: (value) => timestampEncode(value, "iso"),
        decode: (wire) => timestampDecode(String(wire), "iso"),
      };
    case "binary":
      return {
        encode: (value) => ("B" in value ? value.B : MISFIT),
        decode: (wire) => ({ B: String(wire) }),
      };
  }
}

function numberCodec(encode: (canonical: string) => WireValue | Inexact): Codec {
  return {
    encode: (value) => ("N" in value ? encode(value.N) : MISFIT),
    decode: (wire) => ({ N: String(wire) }),
  };
}

const INT = /^-?\d{1,10}$/;

function encodeInt(canonical: string): WireValue | Inexact {
  if (!INT.test(canonical)) return MISFIT;
  const number = Number(canonical);
  return number === (number | 0) ? number : MISFIT;
}

const BIGINT_MAX = "9223372036854775807";
const BIGINT_MIN = "-9223372036854775808";

function encodeBigint(canonical: string): WireValue | Inexact {
  if (canonical.includes(".") || canonical.length > 20) return MISFIT;
  if (canonical.length < 19) return BigInt(canonical);
  const fits = compareNumbers(canonical, BIGINT_MAX) <= 0 && compareNumbers(canonical, BIGINT_MIN) >= 0;
  return fits ? BigInt(canonical) : MISFIT;
}

function encodeDecimal(canonical: string, precision: number, scale: number): WireValue | Inexact {
  const start = canonical.startsWith("-") ? 1 : 0;
  const point = canonical.indexOf(".");
  const fraction = point === -1 ? 0 : canonical.length - point - 1;
  const whole = (point === -1 ? canonical.length : point) - start;
  const wholeDigits = whole === 1 && canonical.charCodeAt(start) === 48 ? 0 : whole;
  return fraction <= scale && wholeDigits <= precision - scale ? canonical : MISFIT;
}
