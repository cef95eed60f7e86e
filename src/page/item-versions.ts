/** Versions of an item side by side: attributes are rows, nested values are paths, and what a version changed is known. Pure. */
import type { ItemVersion, ShownValue } from "../console/api.ts";

export interface VersionCell {
  /** Undefined where the version has no such value. */
  readonly text: string | undefined;
  readonly change: "none" | "set" | "removed";
  /** The value is in no column: SQL shows NULL. */
  readonly isHidden: boolean;
}

export interface AttributeRow {
  readonly path: string;
  readonly isMoving: boolean;
  readonly cells: readonly VersionCell[];
}

const DEPTH_MAX = 8;

/** A change of one quantity in a list is one marked cell, and not a changed blob. */
function flatten(value: ShownValue, path: string, into: Map<string, string>, depth = 0): void {
  if (value === null) return;
  if (typeof value !== "object" || depth === DEPTH_MAX) {
    into.set(path, typeof value === "object" ? JSON.stringify(value) : String(value));
    return;
  }
  const isArray = Array.isArray(value);
  for (const [name, member] of Object.entries(value))
    flatten(member, isArray ? `${path}[${name}]` : `${path}.${name}`, into, depth + 1);
}

interface FlatVersion {
  readonly shown: ReadonlyMap<string, string>;
  readonly hidden: ReadonlyMap<string, string>;
}

function flatVersion({ values, hidden: unmapped, operation }: ItemVersion): FlatVersion {
  const shown = new Map<string, string>();
  const hidden = new Map<string, string>();
  // Of a removed item only the key is left, whatever else its row has.
  if (operation === "REMOVE") return { shown, hidden };
  for (const [name, value] of Object.entries(values)) flatten(value, name, shown);
  for (const [name, value] of Object.entries(unmapped)) flatten(value, name, hidden);
  return { shown, hidden };
}

export function attributeRows(versions: readonly ItemVersion[]): readonly AttributeRow[] {
  const flat = versions.map(flatVersion);
  const paths = [...new Set(flat.flatMap(({ shown, hidden }) => [...shown.keys(), ...hidden.keys()]))];
  const textAt = (i: number, path: string): string | undefined =>
    flat[i]?.hidden.get(path) ?? flat[i]?.shown.get(path);
  return paths.map((path) => {
    const cells = flat.map(({ hidden }, i): VersionCell => {
      const text = textAt(i, path);
      const isHidden = hidden.has(path);
      if (i === 0 || text === textAt(i - 1, path)) return { text, change: "none", isHidden };
      return { text, change: text === undefined ? "removed" : "set", isHidden };
    });
    return { path, cells, isMoving: cells.some(({ change }) => change !== "none") };
  });
}
