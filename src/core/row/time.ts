/**
 * Dates and timestamps. A timestamp has milliseconds, as Athena's have; a value with a finer fraction does not fit. On the
 * wire both are ISO 8601 text (RFC 3339 for timestamps, always in UTC and with milliseconds).
 */

import type { TimestampFormat } from "../schema/schema.ts";
import type { AttributeValue } from "../values/attribute-value.ts";
import { canonicalNumber } from "../values/number.ts";
import { Inexact, MISFIT, type WireValue } from "./encoding.ts";
import { isoText } from "./iso-text.ts";

const DATE = /^(?!0000)\d{4}-(\d\d)-(\d\d)$/;
const TIMESTAMP =
  /^((?!0000)\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?$/;
const YEAR_ONE_MS = new Date("0001-01-01T00:00:00.000Z").getTime();
const LAST_MS = new Date("9999-12-31T23:59:59.999Z").getTime();

export function dateEncode(value: AttributeValue): WireValue | Inexact {
  return "S" in value && isDate(value.S) ? value.S : MISFIT;
}

export function dateDecode(wire: string): AttributeValue {
  return { S: wire.slice(0, 10) };
}

/** A day of the proleptic Gregorian calendar in the years 1 to 9999. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const date = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

export function timestampEncode(value: AttributeValue, format: TimestampFormat): WireValue | Inexact {
  if (format === "iso") return "S" in value ? encodeIso(value.S) : MISFIT;
  if (!("N" in value)) return MISFIT;
  const millis = format === "epoch_millis" ? value.N : timesThousand(value.N);
  return millis === undefined ? MISFIT : encodeMillis(millis);
}

export function timestampDecode(wire: string, format: TimestampFormat): AttributeValue {
  if (format === "iso") return { S: wire };
  const millis = String(new Date(wire).getTime());
  return { N: format === "epoch_millis" ? millis : (canonicalNumber(`${millis}e-3`) as string) };
}

/** Text without an offset is taken as UTC; only the canonical text comes back from the column alone. */
function encodeIso(text: string): WireValue | Inexact {
  const match = TIMESTAMP.exec(text);
  if (match === null) return MISFIT;
  const [, date = "", hour = "", minute = "", second = "00", fraction = "", zone = "Z"] = match;
  const millisText = fraction.padEnd(3, "0");
  if (/[1-9]/.test(millisText.slice(3)) || !isDate(date)) return MISFIT;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return MISFIT;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return MISFIT;
  const local = new Date(`${date}T${hour}:${minute}:${second}.${millisText.slice(0, 3)}Z`).getTime();
  const utc = local - offset * 60_000;
  if (utc < YEAR_ONE_MS || utc > LAST_MS) return MISFIT;
  const canonical = new Date(utc).toISOString();
  return canonical === text ? canonical : new Inexact(canonical);
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === "Z" || zone === "z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function timesThousand(canonical: string): string | undefined {
  return canonicalNumber(`${canonical}e3`);
}

function encodeMillis(canonical: string): WireValue | Inexact {
  if (canonical.includes(".") || canonical.length > 16) return MISFIT;
  const millis = Number(canonical);
  if (millis < YEAR_ONE_MS || millis > LAST_MS) return MISFIT;
  return isoText(millis);
}
