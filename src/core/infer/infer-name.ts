/** Column names of inferred schemas: the default names, and numbered ones where a default name is taken. */
import { columnName, RESERVED_COLUMNS } from "../schema/schema.ts";

export interface ColumnNaming {
  readonly nameOf: ReadonlyMap<string, string>;
  /** Attributes whose column does not have the default name, and why. */
  readonly renamed: readonly { readonly attribute: string; readonly column: string; readonly why: string }[];
}

/**
 * A name for the column of each attribute. If several attributes have the same default name, it goes to the first of `keys`
 * among them, else to the attribute of that very name, else to the first by name; the others get a number. The names do not
 * depend on the order of `attributes`.
 */
export function columnNames(attributes: readonly string[], keys: readonly string[]): ColumnNaming {
  const owners = new Map<string, string>();
  for (const attribute of [...attributes].sort()) {
    const name = defaultName(attribute);
    const owner = owners.get(name);
    if (owner === undefined || claim(attribute, keys) < claim(owner, keys)) owners.set(name, attribute);
  }
  const taken = new Set([...owners.keys(), ...RESERVED_COLUMNS]);
  const nameOf = new Map<string, string>();
  const renamed: { attribute: string; column: string; why: string }[] = [];
  for (const attribute of [...attributes].sort()) {
    const name = defaultName(attribute);
    const owner = owners.get(name);
    if (owner === attribute && !RESERVED_COLUMNS.has(name)) {
      nameOf.set(attribute, name);
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

function defaultName(attribute: string): string {
  return columnName(attribute) || "_";
}

function claim(attribute: string, keys: readonly string[]): number {
  const key = keys.indexOf(attribute);
  if (key !== -1) return key - keys.length;
  return attribute === columnName(attribute) ? 0 : 1;
}

function numbered(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const suffix = `_${number}`;
    const column = name.slice(0, 255 - suffix.length) + suffix;
    if (!taken.has(column)) return column;
  }
}
