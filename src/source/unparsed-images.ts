/**
 * The records of an answer, parsed without their images: those are most of its bytes, of a record that was changed half of them
 * are asked for by no one, and the other half become wire rows without being parsed.
 */
import { isUtf8 } from "node:buffer";
import { WrittenImage } from "../core/values/written-image.ts";

/** The part of an answer in which images stand. */
interface AnsweredRecords {
  readonly Records?: readonly { readonly dynamodb?: object }[];
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
/** Of the number of an image: an empty one is shorter. */
const NUMBER_BYTES_MAX = 9;
/** The numbers of images begin in here: integers of nine digits, which are parsed fast. */
const NUMBER_MIN = 100_000_000;
const NUMBER_SPAN = 800_000_000;
/** Longer strings are searched by the engine, shorter ones are faster byte by byte. */
const LOOP_BYTES_MAX = 32;

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

/** The objects by the names of images. Within a string of the answer each quote has a backslash before it: these are names. */
function imagesIn(json: Buffer): readonly WrittenImage[] {
  const images: WrittenImage[] = [];
  for (let at = json.indexOf(NAME_END); at !== -1; ) {
    const start = at + NAME_END.length - 1;
    const isImage = NAME_BEGINNINGS.some((beginning) => endsWith(json, at, beginning));
    const end = isImage ? endOfObject(json, start) : start;
    if (isImage) images.push(new WrittenImage(json, start, end));
    at = json.indexOf(NAME_END, end);
  }
  return images;
}

function endsWith(json: Buffer, end: number, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (json[end - bytes.length + i] !== bytes[i]) return false;
  return true;
}

/** Index after the object that begins at `start`. */
function endOfObject(json: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; ) {
    const byte = json[at++];
    if (byte === QUOTE) at = endOfString(json, at);
    else if (byte === OPEN_BRACE) depth++;
    else if (byte === CLOSE_BRACE && --depth === 0) return at;
  }
  return json.length;
}

/** Index after the string whose content begins at `start`. */
function endOfString(json: Buffer, start: number): number {
  const loopEnd = Math.min(start + LOOP_BYTES_MAX, json.length);
  let at = start;
  while (at < loopEnd) {
    const byte = json[at++];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return endOfLongString(json, at);
}

function endOfLongString(json: Buffer, start: number): number {
  for (let quote = json.indexOf(QUOTE, start); quote !== -1; quote = json.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (quote - backslashes > start && json[quote - backslashes - 1] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  return json.length;
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
