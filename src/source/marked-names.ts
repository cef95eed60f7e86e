/**
 * An attribute, or a member of a map, may be named `__proto__`, and the SDK loses the value of that name. So the name is
 * marked before the SDK parses a response, and unmarked when attributes become DynamoDB JSON.
 */

/** A private-use character. A name that already ends in marks gets one more, so that every name is restored exactly. */
const MARK = "\ue000";

/** The name as a member. A quotation mark after a backslash is inside a string. */
const MEMBER = /(?<!\\)"__proto__(\ue000*)"(?=\s*:)/g;
const MARKED = /^__proto__\ue000+$/;
const HINT = '"__proto__';

/** The JSON of a response with such names marked; the same bytes if there are none. */
export function withMarkedNames(json: Uint8Array): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  if (!bytes.includes(HINT)) return json;
  return Buffer.from(bytes.toString("utf8").replace(MEMBER, `"__proto__$1${MARK}"`));
}

/** The name as it is in the table. */
export function ownName(name: string): string {
  return MARKED.test(name) ? name.slice(0, -MARK.length) : name;
}
