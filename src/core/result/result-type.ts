/** The SQL type of a result's column, as far as printing needs it: read from the text that the engine gives for it. */

export type ResultType =
  /** An integer of more than 32 bits or a decimal, which a double may not hold: its cell is the text of its digits. */
  | { readonly kind: "exact" }
  | { readonly kind: "moment" }
  | { readonly kind: "list"; readonly element: ResultType }
  | { readonly kind: "struct"; readonly fields: ReadonlyMap<string, ResultType> }
  | { readonly kind: "union"; readonly members: ReadonlyMap<string, ResultType> }
  | { readonly kind: "map"; readonly key: ResultType; readonly value: ResultType }
  | { readonly kind: "plain" };

const PLAIN: ResultType = { kind: "plain" };
const EXACT = /^(?:u?bigint|u?hugeint|bignum|decimal)$/i;
const MOMENT = /^timestamp/i;

/** A text that is no type, or one of an unknown form, is plain: its cells are printed as they are. */
export function resultType(text: string): ResultType {
  const reader = new TypeText(text);
  const type = reader.type();
  return type !== undefined && reader.isAtEnd() ? type : PLAIN;
}

/** Reads `DECIMAL(10,2)`, `BIGINT[]`, `STRUCT("a" INTEGER, "q""x" MAP(VARCHAR, BIGINT))` and the like; undefined where it cannot. */
class TypeText {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  type(): ResultType | undefined {
    const name = this.#match(/[A-Za-z_][\w ]*/y)?.trim();
    if (name === undefined) return undefined;
    let type = this.#based(name.toUpperCase());
    while (type !== undefined && this.#match(/\[\d*\]/y) !== undefined)
      type = { kind: "list", element: type };
    return type;
  }

  #based(name: string): ResultType | undefined {
    if (name === "STRUCT") {
      const fields = this.#named();
      return fields && { kind: "struct", fields };
    }
    if (name === "UNION") {
      const members = this.#named();
      return members && { kind: "union", members };
    }
    if (name === "MAP") return this.#map();
    // The arguments of a decimal, or the texts of an enum.
    this.#match(/\((?:'(?:[^']|'')*'|[^()'])*\)/y);
    if (EXACT.test(name)) return { kind: "exact" };
    return MOMENT.test(name) ? { kind: "moment" } : PLAIN;
  }

  #map(): ResultType | undefined {
    if (this.#match(/\(/y) === undefined) return undefined;
    const key = this.type();
    const separator = this.#match(/, */y);
    const value = this.type();
    const isWhole = separator !== undefined && this.#match(/\)/y) !== undefined;
    return key && value && isWhole ? { kind: "map", key, value } : undefined;
  }

  /** `("a" INTEGER, "b" VARCHAR)`. */
  #named(): ReadonlyMap<string, ResultType> | undefined {
    const types = new Map<string, ResultType>();
    if (this.#match(/\(/y) === undefined) return undefined;
    do {
      const name = this.#match(/"(?:[^"]|"")*" */y);
      const type = this.type();
      if (name === undefined || type === undefined) return undefined;
      types.set(name.trimEnd().slice(1, -1).replaceAll('""', '"'), type);
    } while (this.#match(/, */y) !== undefined);
    return this.#match(/\)/y) === undefined ? undefined : types;
  }

  /** What the sticky pattern finds here, which is then behind the reader. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
