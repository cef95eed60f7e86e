/** `dynalake.json`: settings of the command line in a file, and the JSON Schema of it that is published for editors. */
import * as z from "zod/mini";
import { checkedShape } from "../../core/checked-shape.ts";
import { DynalakeError } from "../../core/error.ts";

export interface SettingsFile {
  readonly lake?: string | undefined;
  readonly stack?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly workGroup?: string | undefined;
  /** By the names of the lake tables. */
  readonly tables?: Readonly<Record<string, TableSettings>> | undefined;
  readonly compactEverySeconds?: number | undefined;
  readonly metricsPort?: number | undefined;
  readonly metricsHost?: string | undefined;
  readonly logFormat?: "text" | "json" | undefined;
  readonly onFinding?: readonly string[] | undefined;
}

export interface TableSettings {
  readonly source?: string | undefined;
  readonly schema?: string | undefined;
}

const text = z.string().check(z.regex(/^[\s\S]+$/, "it is empty"));
const described = <T extends z.ZodMiniType>(shape: T, sentence: string): z.ZodMiniOptional<T> =>
  z.optional(shape).check(z.describe(sentence)) as z.ZodMiniOptional<T>;

const tableShape = z.strictObject({
  source: described(text, "The DynamoDB table that fills the lake table."),
  schema: described(text, "Its schema file, relative to this file."),
});

const shape = z.strictObject({
  $schema: z.optional(z.string()),
  lake: described(text, "The lake's folder, relative to this file. Not together with stack."),
  stack: described(text, "A deployed stack, in place of a folder."),
  region: described(text, "The AWS region, if the environment names none."),
  profile: described(text, "The profile of the AWS CLI, if the environment names none."),
  endpoint: described(text, "A DynamoDB endpoint other than AWS."),
  workGroup: described(text, "With a stack: the Athena work group that statements run in."),
  tables: described(z.record(z.string(), tableShape), "The lake tables, by their names."),
  compactEverySeconds: described(z.number().check(z.positive()), "run: seconds between compactions."),
  metricsPort: described(
    z.int().check(z.minimum(0), z.maximum(65_535)),
    "run: the port of /metrics, /livez and /readyz.",
  ),
  metricsHost: described(text, "run: the address of that port."),
  logFormat: described(z.enum(["text", "json"]), "run: lines for people, or JSON for programs."),
  onFinding: described(
    z.array(z.string()).check(z.minLength(1)),
    "run: a program and its arguments, which get findings as JSON on standard input. Used only with --config.",
  ),
});

/** `name`: the file in messages. Throws USAGE with the place of what is wrong. */
export function parseSettingsFile(content: string, name: string): SettingsFile {
  const checked = checkedShape(shape, parsedJson(content, name));
  if (!checked.success) {
    const places = checked.error.issues.map(({ path, message }) => `${placeText(path)}${message}`);
    throw invalid(`${name}: ${places.join("; ")}`);
  }
  const { lake, stack } = checked.data;
  // breakage: settings-name-one-place
  if (lake !== undefined && stack !== undefined) throw invalid(`${name}: lake and stack exclude each other`);
  return checked.data;
}

export function settingsJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(shape) as Record<string, unknown>;
  return { $schema, title: "dynalake settings", ...rest };
}

function parsedJson(content: string, name: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw invalid(`${name} is not JSON`, cause);
  }
}

function placeText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "" : `${path.map(String).join(".")}: `;
}

function invalid(message: string, cause?: unknown): DynalakeError {
  return new DynalakeError("USAGE", message, {
    cause,
    next: "Correct the file; schemas/dynalake-settings.schema.json describes its members.",
  });
}
