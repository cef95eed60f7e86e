/** Versions of an item side by side: attributes are rows, nested values are paths, and what a version changed is known. Pure. */
import type { ItemVersion, ShownValue } from "../console/api.ts";

export interface Cell {
  /** Undefined where the version has no such value. */
  readonly text: string | undefined;
  readonly change: "none" | "set" | "removed";
}

export interface AttributeRow {
  readonly path: string;
  readonly isMoving: boolean;
  readonly cells: readonly Cell[];
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
  for (const [name, member] of Object.entries(value)) flatten(member, isArray ? `${path}[${name}]` : `${path}.${name}`, into, depth + 1);
}

function flatVersion({ values, operation }: ItemVersion): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  // Of a removed item only the key is left, whatever else its row has.
  if (operation !== "REMOVE") for (const [name, value] of Object.entries(values)) flatten(value, name, flat);
  return flat;
}

export function attributeRows(versions: readonly ItemVersion[]): readonly AttributeRow[] {
  const flat = versions.map(flatVersion);
  const paths = [...new Set(flat.flatMap((version) => [...version.keys()]))];
  return paths.map((path) => {
    const cells = flat.map((version, i): Cell => {
      const text = version.get(path);
      const before = flat[i - 1]?.get(path);
      if (i === 0 || text === before) return { text, change: "none" };
      return { text, change: text === undefined ? "removed" : "set" };
    });
    return { path, cells, isMoving: cells.some(({ change }) => change !== "none") };
  });
}
