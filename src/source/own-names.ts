/**
 * An attribute, or a member of a map, may be called `__proto__`, and the SDK loses what stands under that name. So the name
 * gets a mark before the SDK reads an answer, and loses it when attributes become DynamoDB JSON.
 */

/** A character for private use, which no standard gives a meaning. A name that ends in marks gets one more, so that none is confused. */
const MARK = "\ue000";

/** Such a name with its colon. A quotation mark after a backslash is within a text. */
const MEMBER = /(?<!\\)"__proto__(\ue000*)"(?=\s*:)/g;
const MARKED = /^__proto__\ue000+$/;
const HINT = '"__proto__';

/** The JSON of an answer, in which the names are marked; itself where it has none. */
export function withMarkedNames(json: Uint8Array): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  if (!bytes.includes(HINT)) return json;
  return Buffer.from(bytes.toString("utf8").replace(MEMBER, `"__proto__$1${MARK}"`));
}

/** The name as the table has it. */
export function ownName(name: string): string {
  return MARKED.test(name) ? name.slice(0, -MARK.length) : name;
}
