/**
 * The names of derived columns such as `price__text`, which show as text what an attribute holds in rows where its column cannot.
 * No file has them, and they give way to any column of an attribute.
 */
import { foldedName, physicalName } from "./physical-name.ts";
import { COLUMN_NAME_CHARACTERS_MAX, type Column, type Schema } from "./schema.ts";
import { isOtherKind } from "./value-form.ts";

/** A column with the derived one beside it. */
export interface TextColumn {
  readonly column: Column;
  /** Its name: after that in SQL, or after this in letters of ASCII. */
  readonly text: { readonly label: string; readonly ascii: string };
}

/** The derived columns of these attributes, and of those whose kind has changed by order, as far as their names are free. */
export function textColumns(schema: Schema, attributes: Iterable<string> = []): readonly TextColumn[] {
  const wanted = new Set(attributes);
  const taken = new Set(
    schema.columns.flatMap(({ name, label }) => [name, foldedName(label), physicalName(label)]),
  );
  const isFree = (name: string): boolean =>
    name.length <= COLUMN_NAME_CHARACTERS_MAX && !taken.has(foldedName(name));
  return schema.columns.flatMap((column) => {
    const text = { label: `${column.label}__text`, ascii: `${physicalName(column.label)}__text` };
    // breakage: text-comes-with-another-kind
    const isWanted = wanted.has(column.attribute) || hasChangedKind(column);
    const stands = isWanted && mayHaveText(column);
    // breakage: text-gives-way-to-attributes
    return stands && isFree(text.label) && isFree(text.ascii) ? [{ column, text }] : [];
  });
}

/** Whether files have values of another kind in its place. */
function hasChangedKind(column: Column): boolean {
  return column.earlier.some((each) => isOtherKind(each, column));
}

/** The columns beside which one of text may come by itself. */
export function columnsToShow({ columns, evolve }: Schema): readonly Column[] {
  // breakage: nothing-appears-under-none
  return evolve === "none" ? [] : columns.filter(mayHaveText);
}

/** Columns of one value: what does not fit them is not shown in part. A masked one hides its values. */
export function mayHaveText({ type, masked, hidden }: Column): boolean {
  return !masked && !hidden && !["array", "map", "struct", "json"].includes(type.kind);
}
