/** JSON texts whose numbers change from one use to the next: written once, then copied and patched, which takes a microsecond. */

/** Stand for what changes, in texts that `PatchedText` is made of. */
export const PLACE_MARK: string = "~".repeat(10);
export const SEQUENCE_MARK: string = "^".repeat(21);
export const SECONDS_MARK = 9_999_999_999;

/** What is written over the marks; all of it has the marks' lengths. */
export interface Patch {
  readonly place: string;
  readonly sequenceNumber: string;
  readonly seconds: string;
}

export class PatchedText {
  readonly #bytes: Buffer;
  readonly #marks: readonly { readonly name: keyof Patch; readonly at: number }[];

  constructor(value: object) {
    this.#bytes = Buffer.from(JSON.stringify(value));
    this.#marks = [
      ...this.#find("place", PLACE_MARK),
      ...this.#find("sequenceNumber", SEQUENCE_MARK),
      ...this.#find("seconds", String(SECONDS_MARK)),
    ];
  }

  get length(): number {
    return this.#bytes.length;
  }

  writeTo(target: Buffer, from: number, patch: Patch): void {
    this.#bytes.copy(target, from);
    for (const { name, at } of this.#marks) target.write(patch[name], from + at, "latin1");
  }

  #find(name: keyof Patch, mark: string): { readonly name: keyof Patch; readonly at: number }[] {
    const found = [];
    for (let at = this.#bytes.indexOf(mark); at !== -1; at = this.#bytes.indexOf(mark, at + 1))
      found.push({ name, at });
    return found;
  }
}
