/**
 * JSON.parse keeps the last of two members of one name and says nothing. A text that names a member twice contradicts
 * itself, so the members of the text are counted against those of the parsed value.
 */

import { endOfString, skipSpace } from "./json-slices.ts";

const COLON = 58;

/** A value that JSON.parse can give. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Thrown where a JSON text names a member of one object twice. */
export class DuplicateMember extends Error {}

/** Parses `text`; throws SyntaxError if it is not JSON and DuplicateMember if it names a member twice. */
export function parseJson(text: string): Json {
  const value: Json = JSON.parse(text);
  // breakage: members-named-once
  if (membersInText(text) !== membersInValue(value))
    throw new DuplicateMember("a JSON member is named twice");
  return value;
}

/** How many members all objects of the JSON text have: its colons outside of strings. `text` is valid JSON. */
export function membersInText(text: string): number {
  let members = 0;
  let at = 0;
  for (;;) {
    const open = text.indexOf('"', at);
    if (open === -1) return members;
    const close = endOfString(text, open + 1);
    at = skipSpace(text, close + 1);
    if (text.charCodeAt(at) === COLON) members++;
  }
}

/** How many members all objects within the value have. Nesting is bounded only by the stack that JSON.parse left. */
export function membersInValue(root: Json): number {
  if (typeof root !== "object" || root === null) return 0;
  let members = 0;
  const open: (readonly Json[] | { readonly [name: string]: Json })[] = [root as never];
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    if (Array.isArray(container)) {
      for (const element of container)
        if (typeof element === "object" && element !== null) open.push(element);
      continue;
    }
    const object = container as { readonly [name: string]: Json };
    for (const name in object) {
      members++;
      const member = object[name];
      if (typeof member === "object" && member !== null) open.push(member as never);
    }
  }
  return members;
}
