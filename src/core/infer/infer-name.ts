/**
 * Column names of inferred schemas: the default names, the attribute's own where it has letters that are not ASCII, and numbered
 * ones where a name is taken.
 */
import { physicalName } from "../schema/physical-name.ts";
import { columnName, RESERVED_COLUMNS } from "../schema/schema.ts";

export interface ColumnNaming {
  readonly nameOf: ReadonlyMap<string, string>;
  /** Attributes whose column does not have the default name, and why. */
  readonly renamed: readonly { readonly attribute: string; readonly column: string; readonly why: string }[];
}

/** An attribute that gets a column; `count` is in how many items it is, infinite for one of the key. */
interface NamedAttribute {
  readonly attribute: string;
  readonly count: number;
}

/**
 * A name for the column of each attribute. If several attributes have the same default name, it goes to the most frequent of them,
 * then to the attribute of that very name, then to the first by name; the others get a number. No
 * column gets one of the names in `others`.
 */
export function columnNames(named: readonly NamedAttribute[], others: readonly string[] = []): ColumnNaming {
  // breakage: frequent-attribute-has-plain-name
  const attributes = [...named]
    .sort((a, b) => b.count - a.count || byName(a, b))
    .map((each) => each.attribute);
  const owners = new Map<string, string>();
  for (const attribute of attributes) {
    const name = physicalName(defaultName(attribute));
    if (!owners.has(name)) owners.set(name, attribute);
  }
  const belongsToOthers = new Set([...RESERVED_COLUMNS, ...others]);
  const taken = new Set([...owners.keys(), ...belongsToOthers]);
  const nameOf = new Map<string, string>();
  const renamed: { attribute: string; column: string; why: string }[] = [];
  for (const attribute of named.map((each) => each.attribute).sort()) {
    const name = physicalName(defaultName(attribute));
    const owner = owners.get(name);
    if (owner === attribute && !belongsToOthers.has(name)) {
      nameOf.set(attribute, defaultName(attribute));
      continue;
    }
    const column = numbered(name, taken);
    taken.add(column);
    nameOf.set(attribute, column);
    const whose = RESERVED_COLUMNS.has(name) ? "dynalake" : `the attribute "${owner}"`;
    renamed.push({
      attribute,
      column,
      why: `its column is named "${column}", because "${name}" belongs to ${whose}`,
    });
  }
  return { nameOf, renamed };
}

function byName({ attribute: a }: NamedAttribute, { attribute: b }: NamedAttribute): number {
  const isOwn = (attribute: string): number => (attribute === columnName(attribute) ? 0 : 1);
  return isOwn(a) - isOwn(b) || (a < b ? -1 : 1);
}

/** Names that have letters beyond ASCII stay readable; what no name can have is `_`, as in others. */
function defaultName(attribute: string): string {
  const name = attribute.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_]/gu, "_");
  const isOwn = /[^ -~]/.test(name) && name.length <= 255 && /[a-z0-9]/.test(physicalName(name));
  return isOwn ? name : columnName(attribute) || "_";
}

function numbered(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const suffix = `_${number}`;
    const column = name.slice(0, 255 - suffix.length) + suffix;
    if (!taken.has(column)) return column;
  }
}
