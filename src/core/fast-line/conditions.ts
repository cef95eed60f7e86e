/** The conditions of a schema's `where`, on the attributes of one line after the other. */
import type { Condition, TextTest } from "../schema/schema.ts";
import type { LineCursor } from "./cursor.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const STRING = 83;
const NUMBER = 78;
/** `{"S":"` and `"}`. */
const OPEN_BYTES = 6;
const CLOSE_BYTES = 2;

interface Test {
  readonly attribute: string;
  readonly meets: (cursor: LineCursor, at: number) => boolean;
  /** False: the line belongs if the test is not met. */
  readonly wanted: boolean;
}

export class LineConditions {
  readonly #tests: readonly Test[];
  /** The number of the line that met each test last. */
  readonly #metBy: Float64Array;

  constructor(where: readonly Condition[]) {
    this.#tests = where.flatMap(testsOf);
    this.#metBy = new Float64Array(this.#tests.length);
  }

  /** The tests of an attribute, for `see`. */
  testsOf(attribute: string): readonly number[] {
    return this.#tests.flatMap((test, i) => (test.attribute === attribute ? [i] : []));
  }

  /** Tests the value that begins at `at` and ends before the cursor; false where it has escapes. */
  see(tests: readonly number[], line: number, cursor: LineCursor, at: number): boolean {
    for (let i = at; i < cursor.at; i++) if (cursor.input[i] === BACKSLASH) return false;
    for (const test of tests) if (this.#tests[test]?.meets(cursor, at)) this.#metBy[test] = line;
    return true;
  }

  /** Whether the line belongs to the table, by all that was seen of it. */
  areMetBy(line: number): boolean {
    return this.#tests.every(({ wanted }, i) => (this.#metBy[i] === line) === wanted);
  }
}

/** Whether bytes can decide all of them: half a character in UTF-16 has none. */
export function areOfBytes(where: readonly Condition[]): boolean {
  return where.every(({ test }) => {
    if ("exists" in test) return true;
    return ("not" in test ? test.not : [test]).every((each) => textOf(each).isWellFormed());
  });
}

function textOf(test: TextTest): string {
  return "equals" in test ? test.equals : test.beginsWith;
}

function testsOf({ attribute, test }: Condition): readonly Test[] {
  if ("exists" in test) return [{ attribute, meets: () => true, wanted: test.exists }];
  if ("not" in test) return test.not.map((each) => ({ ...textTest(attribute, each), wanted: false }));
  return [textTest(attribute, test)];
}

function textTest(attribute: string, test: TextTest): Test {
  const isWhole = "equals" in test;
  const text = new TextEncoder().encode(textOf(test));
  return { attribute, meets: (cursor, at) => holdsText(cursor, at, text, isWhole), wanted: true };
}

/** Whether the value is a string or a number that is this text, or begins with it. */
function holdsText({ input, at: end }: LineCursor, at: number, text: Uint8Array, isWhole: boolean): boolean {
  const type = input[at + 2];
  if ((type !== STRING && type !== NUMBER) || input[at + 3] !== QUOTE) return false;
  const from = at + OPEN_BYTES;
  const length = end - CLOSE_BYTES - from;
  if (isWhole ? length !== text.length : length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (input[from + i] !== text[i]) return false;
  return true;
}
