/**
 * What the fast way sees of the attributes of the lines that it takes: of each column the types of its values, and every value that
 * its row alone does not give back. Inference checks by it whether a schema that was guessed holds for all items.
 */
import type { Column } from "../schema/schema.ts";
import { type AttributeValue, NULL_VALUE, readAttributeValue } from "../values/attribute-value.ts";

/** Called with an attribute and a value that is in `_unmapped`. */
export type OnMisfit = (attribute: string, value: AttributeValue) => void;

const TYPES = ["S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"] as const;
type TypeName = (typeof TYPES)[number];

const NULL_TYPE = TYPES.indexOf("NULL");
/** By the two bytes after the brace and the quote, of which the second one is a quote where the name has one letter. */
const TYPE_OF_BYTES: Uint8Array = new Uint8Array(128 * 128).fill(NULL_TYPE);
for (const [i, name] of TYPES.entries())
  TYPE_OF_BYTES[name.charCodeAt(0) * 128 + (name.length === 1 ? 34 : name.charCodeAt(1))] = i;

export class LineWatch {
  readonly #columns: readonly Column[];
  readonly #onMisfit: OnMisfit;
  readonly #counts: Float64Array;
  /** Of the line that is being read: pairs of a column and a type. */
  readonly #pending: number[] = [];
  #pendingCount = 0;

  constructor(columns: readonly Column[], onMisfit: OnMisfit) {
    this.#columns = columns;
    this.#onMisfit = onMisfit;
    this.#counts = new Float64Array(columns.length * TYPES.length);
  }

  begin(): void {
    this.#pendingCount = 0;
  }

  /** Sees the value of a column that begins at `at`. */
  see(column: number, input: Uint8Array, at: number): void {
    if (column >= this.#columns.length) return;
    this.#pending[this.#pendingCount++] = column * TYPES.length + typeAt(input, at);
  }

  /** The line is taken. */
  end(): void {
    for (let i = 0; i < this.#pendingCount; i++) (this.#counts[this.#pending[i] as number] as number)++;
  }

  /** Sees an attribute of a line that is taken and whose row does not give it back, by the places of its name and its value. */
  misfit(input: Uint8Array, column: number, [nameFrom, nameTo]: Span, [from, to]: Span): void {
    const type = typeAt(input, from);
    const known = this.#columns[column];
    // A column of type json holds any value, and the types are counted.
    if (known !== undefined && (type === NULL_TYPE || known.type.kind === "json")) return;
    const name = known?.attribute ?? (JSON.parse(`"${text(input, nameFrom, nameTo)}"`) as string);
    const value = type === NULL_TYPE ? NULL_VALUE : readAttributeValue(JSON.parse(text(input, from, to)));
    this.#onMisfit(name, value);
  }

  /** Of each column the number of values by their types. */
  *counts(): Generator<readonly [attribute: string, type: TypeName, count: number]> {
    for (const [i, { attribute }] of this.#columns.entries()) {
      for (const [type, name] of TYPES.entries()) {
        const count = this.#counts[i * TYPES.length + type] as number;
        if (count > 0) yield [attribute, name, count];
      }
    }
  }
}

/** Where something begins in the input, and where it ends. */
type Span = readonly [from: number, to: number];

function typeAt(input: Uint8Array, at: number): number {
  return TYPE_OF_BYTES[(input[at + 2] as number) * 128 + (input[at + 3] as number)] ?? NULL_TYPE;
}

const decoder = new TextDecoder();

function text(input: Uint8Array, from: number, to: number): string {
  return decoder.decode(input.subarray(from, to));
}
