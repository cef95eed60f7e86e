/**
 * The records of an answer, parsed without their images: those are most of its bytes, of a record that was changed half of them
 * are asked for by no one, and the other half become wire rows without being parsed.
 */
import { isUtf8 } from "node:buffer";
import { endOfEscape } from "../core/fast-line/escape.ts";
import { WrittenImage } from "../core/values/written-image.ts";

/** The part of an answer in which images stand. */
interface AnsweredRecords {
  readonly Records?: readonly { readonly dynamodb?: object }[];
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const COMMA = 44;
const COLON = 58;
const SPACE = 32;
const TRUE = Buffer.from("true");
const FALSE = Buffer.from("false");
/** In the place of an index. */
const NONE = -1;
/** An item has fewer levels, of which each takes two of these. */
const DEPTH_MAX = 100;
/** Of the number of an image: an empty one is shorter. */
const NUMBER_BYTES_MAX = 9;
/** The numbers of images begin in here: integers of nine digits, which are parsed fast. */
const NUMBER_MIN = 100_000_000;
const NUMBER_SPAN = 800_000_000;

const MEMBERS = ["NewImage", "OldImage"] as const;
const NAME_END = Buffer.from('Image":{');
const NAME_BEGINNINGS = [Buffer.from('"New'), Buffer.from('"Old')];

/** The same as `JSON.parse`, with a `WrittenImage` in the place of each image that stands in the form that the service writes. */
export function withUnparsedImages<Answer extends AnsweredRecords>(json: Buffer): Answer {
  const images = isUtf8(json) ? imagesIn(json) : [];
  // At random, since the answer may have a number of its own in the place of an image.
  const first = NUMBER_MIN + Math.floor(Math.random() * NUMBER_SPAN); // breakage: image-numbers-unforeseen
  const answer = JSON.parse(textWithout(images, json, first)) as Answer;
  // Not so where a key's attribute has the name of an image, for one: nothing is taken apart there.
  // breakage: unparsed-images-found-again
  return images.length === 0 || putBack(images, answer, first) ? answer : JSON.parse(json.toString("utf8"));
}

/**
 * The objects by the names of images. Within a string of the answer each quote has a backslash before it: these are names.
 * Each is checked to be JSON, so that an answer that is broken anywhere is refused, also where nothing asks for its images.
 */
function imagesIn(json: Buffer): readonly WrittenImage[] {
  const images: WrittenImage[] = [];
  for (let at = json.indexOf(NAME_END); at !== -1; ) {
    const start = at + NAME_END.length - 1;
    const isImage = NAME_BEGINNINGS.some((beginning) => endsWith(json, at, beginning));
    const end = isImage ? endOfObject(json, start, 0) : NONE;
    if (end !== NONE) images.push(new WrittenImage(json, start, end));
    at = json.indexOf(NAME_END, end === NONE ? start : end);
  }
  return images;
}

function endsWith(json: Buffer, end: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (json[end - bytes.length + i] !== bytes[i]) return false;
  return true;
}

/** Index after the compact object that begins at `start`; -1 where it is none, or may be none: it is left to `JSON.parse` then. */
function endOfObject(json: Buffer, start: number, depth: number): number {
  if (json[start + 1] === CLOSE_BRACE) return start + 2;
  for (let at = start; ; ) {
    if (json[at + 1] !== QUOTE) return NONE;
    at = endOfString(json, at + 2);
    if (at === NONE || json[at] !== COLON) return NONE;
    at = endOfValue(json, at + 1, depth);
    if (at === NONE || json[at] !== COMMA) return at !== NONE && json[at] === CLOSE_BRACE ? at + 1 : NONE;
  }
}

function endOfArray(json: Buffer, start: number, depth: number): number {
  if (json[start + 1] === CLOSE_BRACKET) return start + 2;
  for (let at = start; ; ) {
    at = endOfValue(json, at + 1, depth);
    if (at === NONE || json[at] !== COMMA) return at !== NONE && json[at] === CLOSE_BRACKET ? at + 1 : NONE;
  }
}

/** A number or null is left to `JSON.parse`, too: the service writes none in an image. */
function endOfValue(json: Buffer, start: number, depth: number): number {
  switch (json[start]) {
    case QUOTE:
      return endOfString(json, start + 1);
    case OPEN_BRACE:
      return depth < DEPTH_MAX ? endOfObject(json, start, depth + 1) : NONE;
    case OPEN_BRACKET:
      return depth < DEPTH_MAX ? endOfArray(json, start, depth + 1) : NONE;
    case TRUE[0]:
      return endsWith(json, start + TRUE.length, TRUE) ? start + TRUE.length : NONE;
    case FALSE[0]:
      return endsWith(json, start + FALSE.length, FALSE) ? start + FALSE.length : NONE;
    default:
      return NONE;
  }
}

/** Index after the string whose content begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  for (let at = start; ; ) {
    const byte = json[at] as number;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) {
      at = endOfEscape(json, at);
      if (at === NONE) return NONE;
    } else if (byte >= SPACE) at++;
    else return NONE; // breakage: broken-images-refused
  }
}

/** Where texts are put together: a new place for each would be as large as the answer, and have to be collected. */
let scratch = Buffer.alloc(0);

/** The text with the number of each image in its place, from `first` on. */
function textWithout(images: readonly WrittenImage[], json: Buffer, first: number): string {
  const room = json.length + images.length * NUMBER_BYTES_MAX;
  if (scratch.length < room) scratch = Buffer.allocUnsafe(room);
  let at = 0;
  let length = 0;
  for (const [i, { from, to }] of images.entries()) {
    length += json.copy(scratch, length, at, from);
    length += scratch.write(String(first + i), length, "latin1");
    at = to;
  }
  length += json.copy(scratch, length, at);
  return scratch.toString("utf8", 0, length);
}

/** Puts the images in the places of their numbers; false where they are not all there. */
function putBack(
  images: readonly WrittenImage[],
  { Records: records }: AnsweredRecords,
  first: number,
): boolean {
  let found = 0;
  for (const record of Array.isArray(records) ? records : []) {
    const change: Partial<Record<(typeof MEMBERS)[number], unknown>> = record?.dynamodb ?? {};
    for (const name of MEMBERS) {
      const image = typeof change[name] === "number" ? images[change[name] - first] : undefined;
      if (image === undefined) continue;
      change[name] = image;
      found++;
    }
  }
  return found === images.length;
}
