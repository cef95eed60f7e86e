/**
 * Column types, written as Athena writes them. The fields of a struct keep the case of their attributes in schema files, and
 * have lower-case names in SQL. Source: "Data types in Amazon Athena", docs.aws.amazon.com/athena/latest/ug/data-types.html.
 */

export type ScalarKind = "string" | "boolean" | "int" | "bigint" | "double" | "date" | "timestamp" | "binary";

export interface DecimalType {
  readonly kind: "decimal";
  readonly precision: number;
  readonly scale: number;
}

export type ScalarType = { readonly kind: ScalarKind } | DecimalType;

/** A type that can also be a part of another type. */
export type PartType =
  | ScalarType
  | { readonly kind: "array"; readonly element: PartType }
  | { readonly kind: "map"; readonly value: PartType }
  | { readonly kind: "struct"; readonly fields: readonly StructField[] };

export type ColumnType = PartType | { readonly kind: "json" };

export interface StructField {
  /** The name of the member in the DynamoDB map. */
  readonly attribute: string;
  /** The name in SQL: that of the attribute in lower case. */
  readonly name: string;
  readonly type: PartType;
}

/** Whether a value of the type has parts, some of which may fit while others do not. */
export function isNested({ kind }: ColumnType): boolean {
  return kind === "array" || kind === "map" || kind === "struct";
}

/** A text that is not a type. The message names the place. */
export class InvalidType extends Error {}

const SCALARS = new Set<string>([
  "string",
  "boolean",
  "int",
  "bigint",
  "double",
  "date",
  "timestamp",
  "binary",
]);
const PRECISION_MAX = 38;
const NESTING_MAX = 32;
/** Engines plan nested arrays and maps as nested lambdas. Each level at least doubles the time. */
const LOOPS_MAX = 16;

/** Parses a type such as `struct<publisher:string,pages:int>`; throws InvalidType. */
export function parseColumnType(text: string): ColumnType {
  const reader = new TypeReader(text);
  const type = reader.columnType();
  reader.end();
  return type;
}

/** The type as Athena and Glue write it, with lower-case field names. `json` is stored as string. */
export function columnTypeText(type: ColumnType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "array":
      return `array<${columnTypeText(type.element)}>`;
    case "map":
      return `map<string,${columnTypeText(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.name}:${columnTypeText(field.type)}`).join(",")}>`;
    case "json":
      return "string";
    default:
      return type.kind;
  }
}

/** The type as a schema file writes it: `parseColumnType` returns the same type. */
export function schemaTypeText(type: ColumnType): string {
  switch (type.kind) {
    case "array":
      return `array<${schemaTypeText(type.element)}>`;
    case "map":
      return `map<string,${schemaTypeText(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map((field) => `${field.attribute}:${schemaTypeText(field.type)}`).join(",")}>`;
    case "json":
      return "json";
    default:
      return columnTypeText(type);
  }
}

/** The place of a type within others. */
interface Level {
  readonly depth: number;
  /** How many of the enclosing types are arrays or maps. */
  readonly loops: number;
}

const TOP: Level = { depth: 0, loops: 0 };

function withinLoop({ depth, loops }: Level): Level {
  return { depth: depth + 1, loops: loops + 1 };
}

/** Recursive descent over the type's text; `at` is the index of the next character. */
class TypeReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  columnType(): ColumnType {
    if (/^\s*json\s*$/i.test(this.text)) {
      this.at = this.text.length;
      return { kind: "json" };
    }
    return this.type(TOP);
  }

  private type(level: Level): PartType {
    if (level.depth > NESTING_MAX)
      throw new InvalidType(`types are nested deeper than ${NESTING_MAX} levels`);
    if (level.loops > LOOPS_MAX)
      throw new InvalidType(
        `arrays and maps are nested deeper than ${LOOPS_MAX} levels: use json, which has no limit`,
      );
    const kind = this.word().toLowerCase();
    if (SCALARS.has(kind)) return { kind: kind as ScalarKind };
    switch (kind) {
      case "json":
        throw new InvalidType("json can only be the type of a whole column");
      case "decimal":
        return this.decimal();
      case "array": {
        this.expect("<");
        const element = this.type(withinLoop(level));
        this.expect(">");
        return { kind, element };
      }
      case "map":
        return this.map(level);
      case "struct":
        return this.struct(level);
      default:
        throw new InvalidType(`"${kind}" at character ${this.at - kind.length + 1} is not a type`);
    }
  }

  end(): void {
    if (this.at < this.text.length) throw new InvalidType(`unexpected text at character ${this.at + 1}`);
  }

  private decimal(): ScalarType {
    this.expect("(");
    const precision = this.integer();
    this.expect(",");
    const scale = this.integer();
    this.expect(")");
    if (precision < 1 || precision > PRECISION_MAX || scale > precision) {
      throw new InvalidType(
        `decimal(${precision},${scale}) is not a type: the precision must be from 1 to ${PRECISION_MAX}, and the scale at most the precision`,
      );
    }
    return { kind: "decimal", precision, scale };
  }

  private map(level: Level): PartType {
    this.expect("<");
    if (this.word().toLowerCase() !== "string")
      throw new InvalidType("the keys of a map must be of type string");
    this.expect(",");
    const value = this.type(withinLoop(level));
    this.expect(">");
    return { kind: "map", value };
  }

  private struct(level: Level): PartType {
    this.expect("<");
    const fields = new Map<string, StructField>();
    do {
      const attribute = this.word();
      this.expect(":");
      const name = attribute.toLowerCase();
      const twin = fields.get(name);
      if (twin)
        throw new InvalidType(`the fields "${twin.attribute}" and "${attribute}" have the same name in SQL`);
      fields.set(name, { attribute, name, type: this.type({ ...level, depth: level.depth + 1 }) });
    } while (this.accept(","));
    this.expect(">");
    return { kind: "struct", fields: [...fields.values()] };
  }

  private word(): string {
    const match = /^\s*([A-Za-z0-9_]+)\s*/.exec(this.text.slice(this.at, this.at + 300));
    if (match === null) throw new InvalidType(`expected a name at character ${this.at + 1}`);
    this.at += match[0].length;
    return match[1] as string;
  }

  private integer(): number {
    const word = this.word();
    if (!/^\d{1,3}$/.test(word)) throw new InvalidType(`"${word}" is not a whole number`);
    return Number(word);
  }

  private accept(mark: string): boolean {
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) throw new InvalidType(`expected "${mark}" at character ${this.at + 1}`);
    while (this.text[this.at] === " ") this.at++;
  }
}
