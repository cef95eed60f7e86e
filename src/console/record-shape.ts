/** A quarantined record without its values: what a person needs to see is its form. Pure. */

/** In place of every value. */
const HIDDEN = "…";
/** What names the kind of a record or the place of its change, never an item's value. */
const SHOWN_TEXTS: ReadonlySet<string> = new Set([
  "eventName",
  "eventVersion",
  "eventSource",
  "awsRegion",
  "StreamViewType",
  "SequenceNumber",
]);
const ATTRIBUTES_MAX = 200;

/** Indented JSON; undefined for a text that is not JSON. Names of attributes and their types stay. */
export function recordShape(raw: string): string | undefined {
  try {
    return JSON.stringify(hidden(JSON.parse(raw), 0), undefined, 2);
  } catch {
    return undefined;
  }
}

/** INSERT, MODIFY or REMOVE, where the record says so. */
export function operationOf(raw: string): string | undefined {
  try {
    const { eventName } = JSON.parse(raw) as { readonly eventName?: unknown };
    return ["INSERT", "MODIFY", "REMOVE"].find((operation) => operation === eventName);
  } catch {
    return undefined;
  }
}

function hidden(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== "object" || depth > 40) return HIDDEN; // breakage: quarantined-values-hidden
  if (Array.isArray(value)) return value.slice(0, ATTRIBUTES_MAX).map((member) => hidden(member, depth + 1));
  const members = Object.entries(value).slice(0, ATTRIBUTES_MAX);
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      depth < 2 && SHOWN_TEXTS.has(name) && isPlain(member) ? member : hidden(member, depth + 1),
    ]),
  );
}

/** A word or a number as these members have it; anything else is a value that took their name. */
function isPlain(value: unknown): boolean {
  return typeof value === "string" && /^[A-Za-z0-9_.:-]{1,40}$/.test(value);
}
