/** Where a JSON text that people write goes wrong: JSON.parse does not always say where, or notice a member that is named twice. */

export interface JsonFault {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
  readonly why: string;
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/uy;

/** The first fault of the text, or undefined where it is JSON in which no object names a member twice, or too deep to tell. */
export function jsonFault(text: string): JsonFault | undefined {
  const reader = new Reader(text);
  try {
    reader.value();
    reader.end();
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    if (!(error instanceof Fault)) throw error;
    const before = text.slice(0, error.at).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, why: error.message };
  }
}

class Fault extends Error {
  readonly at: number;

  constructor(at: number, why: string) {
    super(why);
    this.at = at;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): void {
    const next = this.#peek();
    if (next === "{") this.#object();
    else if (next === "[") this.#array();
    else this.#scalar("a value");
  }

  end(): void {
    if (this.#peek() !== "") throw this.#expected("nothing more");
  }

  #object(): void {
    const names = new Set<string>();
    this.#at++;
    if (this.#took("}")) return;
    do {
      if (this.#peek() !== '"') throw this.#expected("a member's name in double quotes");
      const at = this.#at;
      const name = JSON.parse(this.#scalar("a member's name")) as string;
      if (names.has(name)) throw new Fault(at, "a member is named twice");
      names.add(name);
      if (!this.#took(":")) throw this.#expected('":"');
      this.value();
    } while (this.#took(","));
    if (!this.#took("}")) throw this.#expected('"," or "}"');
  }

  #array(): void {
    this.#at++;
    if (this.#took("]")) return;
    do this.value();
    while (this.#took(","));
    if (!this.#took("]")) throw this.#expected('"," or "]"');
  }

  #scalar(what: string): string {
    SCALAR.lastIndex = this.#at;
    const found = SCALAR.exec(this.#text)?.[0];
    if (found === undefined) throw this.#expected(what);
    this.#at += found.length;
    return found;
  }

  /** The next character that is no space, or "" at the end. */
  #peek(): string {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
    return this.#text.charAt(this.#at);
  }

  #took(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #expected(what: string): Fault {
    return new Fault(this.#at, `${what} is expected${this.#peek() === "" ? ", the text ends" : ""}`);
  }
}
