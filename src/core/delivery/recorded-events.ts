/**
 * Files of recorded stream records, as people have them: a Lambda event, the answer of GetRecords, Lambda's on-failure
 * object on S3, a quarantine file, an array or JSON lines of records; and what Firehose could not convert, which holds wire
 * rows. Each record is given as its own JSON text, so that one that contradicts itself does not take its neighbours with it.
 */
import { DynalakeError } from "../error.ts";
import { looksLikeRow, WireRowText } from "../row/returned-row.ts";
import { elementTexts, memberTexts } from "../values/json-slices.ts";

/** A stream record's JSON text, or a wire row. */
export type Recorded = string | WireRowText;

/** Known forms need three levels: an array of on-failure objects, each of which holds an event. */
const NESTING_MAX = 10;

/** Splits a file's text into records; `origin` names it in errors. Throws INPUT_INVALID. */
export function readRecordedEvents(text: string, origin: string): readonly Recorded[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const whole = tryJson(trimmed);
  if (whole.json) return recordsOf(trimmed, whole.value, origin, 0);
  const records: Recorded[] = [];
  for (const [i, untrimmed] of text.split("\n").entries()) {
    const line = untrimmed.trim();
    if (line === "") continue;
    const parsed = tryJson(line);
    if (!parsed.json) {
      throw new DynalakeError(
        "INPUT_INVALID",
        `${origin} is neither JSON nor JSON lines: line ${i + 1} is not JSON`,
      );
    }
    for (const record of recordsOf(line, parsed.value, origin, 0)) records.push(record);
  }
  return records;
}

type Parsed = { readonly json: true; readonly value: unknown } | { readonly json: false };

function tryJson(text: string): Parsed {
  try {
    return { json: true, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { json: false };
    throw error;
  }
}

function recordsOf(text: string, value: unknown, origin: string, depth: number): readonly Recorded[] {
  // breakage: event-depth-limited
  if (typeof value !== "object" || value === null || depth > NESTING_MAX) throw unknownForm(origin);
  if (Array.isArray(value)) {
    return elementTexts(text).flatMap((element, i) => recordsOf(element, value[i], origin, depth + 1));
  }
  const object = value as Record<string, unknown>;
  if (object.quarantine === 1 && object.encoding !== undefined) {
    throw new DynalakeError("INPUT_INVALID", `${origin} holds bytes that are neither text nor a record`, {
      next: "They are a line of an export, as base64 in `raw`: export the table again and take a new snapshot.",
    });
  }
  if (object.quarantine === 1 && typeof object.raw === "string")
    return [recordOrRow(JSON.parse(onlyMember(text, "raw", origin)) as string)];
  if (typeof object.rawData === "string")
    return unconvertedRows(JSON.parse(onlyMember(text, "rawData", origin)) as string, origin);
  if (looksLikeRow(object)) return [new WireRowText(text)];
  if (Array.isArray(object.Records)) return elementTexts(onlyMember(text, "Records", origin));
  if (object.dynamodb !== undefined || object.eventName !== undefined) return [text];
  if (object.payload !== undefined) return payloadRecords(text, object.payload, origin, depth);
  if (object.DDBStreamBatchInfo !== undefined) {
    throw new DynalakeError("INPUT_INVALID", `${origin} names a failed batch but does not hold its records`, {
      next: "Use an S3 destination for failures: it keeps whole records. A new snapshot repairs what is lost.",
    });
  }
  throw unknownForm(origin);
}

/** The members of a quarantined line show what it was. */
function recordOrRow(raw: string): Recorded {
  const parsed = tryJson(raw);
  const isRow = parsed.json && isObject(parsed.value) && looksLikeRow(parsed.value);
  return isRow ? new WireRowText(raw) : raw;
}

/**
 * The lines of one record of Firehose, which took several. Its error objects tell more members, under names that have changed
 * (AWS: Firehose developer guide, "Handle data delivery failures"); the record is always in rawData.
 */
function unconvertedRows(base64: string, origin: string): readonly Recorded[] {
  const lines = decodedText(base64, origin).split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const parsed = tryJson(line);
      const { dynamodb, eventName }: Record<string, unknown> =
        parsed.json && isObject(parsed.value) ? parsed.value : {};
      return dynamodb === undefined && eventName === undefined ? new WireRowText(line) : line;
    });
}

function decodedText(base64: string, origin: string): string {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DynalakeError("INPUT_INVALID", `${origin} has a rawData that is not base64 of UTF-8 text`, {
      cause,
    });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An on-failure object holds the invocation's event, as JSON or as JSON text. */
function payloadRecords(text: string, payload: unknown, origin: string, depth: number): readonly Recorded[] {
  const member = onlyMember(text, "payload", origin);
  if (typeof payload !== "string") return recordsOf(member, payload, origin, depth + 1);
  const parsed = tryJson(payload);
  if (!parsed.json) throw unknownForm(origin);
  return recordsOf(payload, parsed.value, origin, depth + 1);
}

function onlyMember(text: string, name: string, origin: string): string {
  const texts = memberTexts(text, name);
  if (texts.length !== 1) {
    throw new DynalakeError(
      "INPUT_INVALID",
      `${origin} contradicts itself: it names "${name}" ${texts.length} times`,
    );
  }
  return texts[0] as string;
}

function unknownForm(origin: string): DynalakeError {
  return new DynalakeError("INPUT_INVALID", `${origin} holds no stream records`, {
    next: "Give a Lambda event, the answer of GetRecords, an on-failure object, a quarantine file, an error file of Firehose, or JSON lines of records.",
  });
}
