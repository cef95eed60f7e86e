/**
 * DynamoDB JSON in Athena (Trino). Attributes are found in maps, since JSON paths cannot name all of them; the names of types
 * are plain, so that paths find those.
 */
import { type ItemChange, type JsonSql, lambdaVariable, literal, quoted } from "../ports/dialect.ts";
import { CAPITAL_ESCAPE, LEAF, PLAIN_TOKEN } from "./plain-json.ts";

export const athenaJson: JsonSql = {
  text,
  holds: (whole, part) => `strpos(${whole}, ${part}) > 0`,
  attribute: (item, name) => member(`CAST(json_parse(${item}) AS map(varchar, json))`, name),
  changedItem,
  textOf: (value) => `json_format(${value})`,
  value: (type, content) => `CAST(MAP(ARRAY['${type}'], ARRAY[${content}]) AS json)`,
  attributes: (relation, item, columns) =>
    `(SELECT ${["attribute", "value", ...columns.map(quoted)].join(", ")} FROM ${relation} CROSS JOIN UNNEST(CAST(json_parse(${item}) AS map(varchar, json))) AS entries (attribute, value))`,
  typeOf: (value) => `element_at(map_keys(CAST(${value} AS map(varchar, json))), 1)`,
  leaves: (value) => `cardinality(regexp_extract_all(json_format(${value}), ${literal(LEAF)}))`,
  size: (array) => `coalesce(cardinality(${array}), 0)`,
  sum: (array) =>
    `coalesce(reduce(${array}, CAST(0 AS bigint), (${quoted("sum so far")}, ${quoted("next one")}) -> ${quoted("sum so far")} + ${quoted("next one")}, ${quoted("sum so far")} -> ${quoted("sum so far")}), 0)`,
  valuesOf: (map) => `map_values(${map})`,
  scalar: (value, type) => `json_extract_scalar(${value}, '$.${type}')`,
  boolean: (value) => `CAST(json_extract_scalar(${value}, '$.BOOL') AS boolean)`,
  set: (value, type) => `CAST(json_extract(${value}, '$.${type}') AS array(varchar))`,
  list: (value) => `CAST(json_extract(${value}, '$.L') AS array(json))`,
  map: members,
  members,
  member,
  plain,
  bound: (value, variable, body) => `transform(ARRAY[${value}], ${variable} -> ${body})[1]`,
  eachElement: (array, variable, body) => `transform(${array}, ${variable} -> ${body})`,
  eachValue: (map, variable, body) =>
    `transform_values(${map}, (${quoted("member name")}, ${variable}) -> ${body(variable)})`,
  struct: (fields) => {
    const values = fields.map(({ value }) => value).join(", ");
    const types = fields.map(({ name, typeName }) => `${quoted(name)} ${typeName}`).join(", ");
    return `CAST(ROW(${values}) AS row(${types}))`;
  },
  // A text may end in a line feed, before which $ would match.
  matching: (whole, pattern) => `regexp_extract(${whole}, ${literal(`\\A(?:${pattern})\\z`)})`,
  shortest,
  timeOfMillis: (millis) => `TIMESTAMP '1970-01-01 00:00:00.000' + ${millis} * INTERVAL '0.001' SECOND`,
};

/** Control characters as their numbers: a NUL is none that a statement can be sent with. */
function text(content: string): string {
  if (!CONTROL.test(content)) return literal(content);
  const escaped = content
    .replaceAll("\\", "\\\\")
    .replaceAll(/\p{Cc}/gu, (control) => `\\${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `U&${literal(escaped)}`;
}

const CONTROL = /\p{Cc}/u;

function members(value: string): string {
  return `CAST(json_extract(${value}, '$.M') AS map(varchar, json))`;
}

function member(map: string, name: string): string {
  return `element_at(${map}, ${text(name)})`;
}

function changedItem(item: string, { hidden, others }: ItemChange): string {
  const [key, value, all] = [quoted("member name"), lambdaVariable(0), lambdaVariable(1)];
  const own = `coalesce(CAST(json_parse(${item}) AS map(varchar, json)), MAP())`;
  const kept =
    hidden.length === 0
      ? own
      : `map_filter(${own}, (${key}, ${value}) -> ${key} NOT IN (${hidden.map(text).join(", ")}))`;
  const names = others.map(({ name }) => text(name)).join(", ");
  const values = others
    .map((other) => `CASE WHEN ${member(own, other.name)} IS NULL THEN ${other.value} END`)
    .join(", ");
  const more = `map_filter(MAP(ARRAY[${names}], ARRAY[${values}]), (${key}, ${value}) -> ${value} IS NOT NULL)`;
  const entries = others.length === 0 ? kept : `map_concat(${kept}, ${more})`;
  return `transform(ARRAY[${entries}], ${all} -> CASE WHEN cardinality(${all}) > 0 THEN json_format(CAST(${all} AS json)) END)[1]`;
}

function plain(value: string): string {
  const json = `json_format(${value})`;
  const group = lambdaVariable(0);
  const kept = [1, 2, 4, 5, 6, 7, 8, 9].map((index) => `${group}[${index}]`).join(", ");
  const tokens = `regexp_replace(${json}, ${literal(PLAIN_TOKEN)}, ${group} -> coalesce(lower(${group}[3]), ${kept}))`;
  return `CASE WHEN NOT regexp_like(${json}, ${literal(CAPITAL_ESCAPE)}) THEN ${tokens} END`;
}

/** Java before 19 writes some doubles with other digits than the shortest ones, and so does a cast to varchar ever since. */
function shortest(double: string): string {
  return `CASE WHEN json_format(CAST(2e23 AS json)) = '2.0E23' THEN json_format(CAST(${double} AS json)) END`;
}
