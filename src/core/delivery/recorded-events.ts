/**
 * Files of recorded stream records, as people have them: a Lambda event, the answer of GetRecords, Lambda's on-failure
 * object on S3, a quarantine file, an array, JSON lines or concatenated JSON of records, each as it is or as EventBridge,
 * SNS or SQS wrap it; and what Firehose could not convert, which holds wire rows. Each record is given as its own JSON text,
 * so that one that contradicts itself does not take its neighbors with it.
 */
import { DynalakeError } from "../error.ts";
import { looksLikeRow, WireRowText } from "../row/returned-row.ts";
import { jsonDocuments, NotJson } from "../values/json-documents.ts";
import { elementTexts, memberTexts } from "../values/json-slices.ts";

/** A stream record's JSON text, or a wire row. */
export type Recorded = string | WireRowText;

/** Known forms need six levels: an array of SQS events, whose bodies are SNS messages, which hold EventBridge's events. */
const NESTING_MAX = 10;

/** Splits a file's text into records; `origin` names it in errors. Throws INPUT_INVALID. */
export function readRecordedEvents(text: string, origin: string): readonly Recorded[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const whole = tryJson(trimmed);
  if (whole.json) return recordsOf(trimmed, whole.value, origin, 0);
  const records: Recorded[] = [];
  try {
    for (const document of jsonDocuments(text)) {
      for (const record of recordsOf(document.text, document.value, origin, 0)) records.push(record);
    }
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw new DynalakeError("INPUT_INVALID", `${origin} is neither JSON nor JSON lines: ${error.message}`);
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
  if (isOfKinesis(object)) throw unordered(origin);
  if (Array.isArray(object.Records)) return eventRecords(text, object.Records, origin, depth);
  if (object.dynamodb !== undefined || object.eventName !== undefined) return [text];
  if (object.payload !== undefined) return textRecords(text, "payload", object.payload, origin, depth);
  if (object["detail-type"] !== undefined) return textRecords(text, "detail", object.detail, origin, depth);
  for (const name of ["Message", "Body", "body"]) {
    // breakage: wrapped-events-unwrapped
    if (typeof object[name] === "string") return textRecords(text, name, object[name], origin, depth);
  }
  if (object.Sns !== undefined) return textRecords(text, "Sns", object.Sns, origin, depth);
  if (Array.isArray(object.Messages)) return textRecords(text, "Messages", object.Messages, origin, depth);
  if (object.DDBStreamBatchInfo !== undefined) {
    throw new DynalakeError("INPUT_INVALID", `${origin} names a failed batch but does not hold its records`, {
      next: "Use an S3 destination for failures: it keeps whole records. A new snapshot repairs what is lost.",
    });
  }
  throw unknownForm(origin);
}

/** The records of an event: DynamoDB's as they are, also those that make no sense, and what messages of SNS and SQS wrap. */
function eventRecords(
  text: string,
  values: readonly unknown[],
  origin: string,
  depth: number,
): readonly Recorded[] {
  return elementTexts(onlyMember(text, "Records", origin)).flatMap((element, i) => {
    const value = values[i];
    if (!isObject(value)) return [element];
    if (isOfKinesis(value)) throw unordered(origin);
    const isMessage = value.Sns !== undefined || typeof value.body === "string";
    return isMessage ? recordsOf(element, value, origin, depth + 1) : [element];
  });
}

/**
 * Whether it is a record of Kinesis Data Streams for DynamoDB, or Kinesis' own record around one. It lacks the sequence number
 * that orders an item's changes; Kinesis' own numbers order arrivals, which may be repeated and late. Source: "Kinesis Data
 * Streams and DynamoDB", docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html.
 */
function isOfKinesis(object: Readonly<Record<string, unknown>>): boolean {
  const { kinesis, kinesisSchemaVersion, Data, PartitionKey, dynamodb } = object;
  if (kinesis !== undefined || kinesisSchemaVersion !== undefined) return true;
  if (Data !== undefined && PartitionKey !== undefined) return true;
  if (!isObject(dynamodb) || dynamodb.SequenceNumber !== undefined) return false;
  return object.recordFormat !== undefined || dynamodb.ApproximateCreationDateTimePrecision !== undefined;
}

/** What a quarantined line has in `raw`: its members show what it was. */
export function recordOrRow(raw: string): Recorded {
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

/** The records in a member that wraps them, as JSON or as JSON text. */
function textRecords(
  text: string,
  name: string,
  value: unknown,
  origin: string,
  depth: number,
): readonly Recorded[] {
  const member = onlyMember(text, name, origin);
  if (typeof value !== "string") return recordsOf(member, value, origin, depth + 1);
  const parsed = tryJson(value);
  if (!parsed.json) throw unknownForm(origin);
  return recordsOf(value, parsed.value, origin, depth + 1);
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

function unordered(origin: string): DynalakeError {
  return new DynalakeError(
    "INPUT_INVALID",
    `${origin} holds records of Kinesis Data Streams for DynamoDB, which have no sequence number: nothing tells the order of an item's changes`,
    {
      next: "Replay records of DynamoDB Streams instead, which number an item's changes, or take a new snapshot. Nothing was stored.",
    },
  );
}

function unknownForm(origin: string): DynalakeError {
  return new DynalakeError("INPUT_INVALID", `${origin} holds no stream records`, {
    next: "Give a Lambda event, the answer of GetRecords, an on-failure object, a quarantine file, an error file of Firehose, or JSON lines of records, as they are or as EventBridge, SNS or SQS wrap them.",
  });
}
