/** DynamoDB JSON in DuckDB. Names stand in JSON pointers, which can name all of them. */
import { type ItemChange, type JsonSql, lambdaVariable, literal, quoted } from "../ports/dialect.ts";
import { CAPITAL_ESCAPE, LEAF, PLAIN_TOKEN } from "./plain-json.ts";

export const duckdbJson: JsonSql = {
  text,
  holds: (whole, part) => `contains(${whole}, ${part})`,
  attribute: pointed,
  changedItem,
  textOf: (value) => `CAST(${value} AS VARCHAR)`,
  value: (type, content) => `json_object('${type}', ${content})`,
  attributes: (relation, item, columns) => {
    const own = columns.map((name) => `, ${quoted(name)}`).join("");
    return `(SELECT entry.key AS attribute, entry.value AS value${own} FROM (SELECT unnest(map_entries(from_json(${item}, '"MAP(VARCHAR, JSON)"'))) AS entry${own} FROM ${relation} WHERE ${item} IS NOT NULL))`;
  },
  typeOf: (value) => `json_keys(${value})[1]`,
  leaves: (value) => `len(regexp_extract_all(CAST(${value} AS VARCHAR), ${literal(LEAF)}))`,
  size: (array) => `coalesce(len(${array}), 0)`,
  sum: (array) => `coalesce(list_sum(${array}), 0)`,
  valuesOf: (map) => `map_values(${map})`,
  scalar: (value, type) => `json_extract_string(${value}, '/${type}')`,
  boolean: (value) => `CAST(json_extract_string(${value}, '/BOOL') AS BOOLEAN)`,
  set: (value, type) => `from_json(json_extract(${value}, '/${type}'), '["VARCHAR"]')`,
  list: (value) => `from_json(json_extract(${value}, '/L'), '["JSON"]')`,
  map: (value) => `from_json(json_extract(${value}, '/M'), '"MAP(VARCHAR, JSON)"')`,
  members: (value) => `json_extract(${value}, '/M')`,
  member: pointed,
  plain,
  bound: (value, variable, body) => `list_transform([${value}], lambda ${variable}: ${body})[1]`,
  eachElement: (array, variable, body) => `list_transform(${array}, lambda ${variable}: ${body})`,
  eachValue: (map, variable, body) =>
    `map_from_entries(list_transform(map_entries(${map}), lambda ${variable}: struct_pack(k := ${variable}.key, v := ${body(`${variable}.value`)})))`,
  struct: (fields) =>
    `struct_pack(${fields.map(({ name, value }) => `${quoted(name)} := ${value}`).join(", ")})`,
  matching: (whole, pattern) => `nullif(regexp_extract(${whole}, ${literal(`\\A(?:${pattern})\\z`)}), '')`,
  shortest: (double) => `CAST(${double} AS VARCHAR)`,
  timeOfMillis: (millis) => `make_timestamp(${millis} * 1000)`,
};

/** A statement ends at its first NUL character, wherever that stands. */
function text(content: string): string {
  if (!content.includes("\0")) return literal(content);
  return `concat(${content.split("\0").map(literal).join(", chr(0), ")})`;
}

/** RFC 6901, section 3. */
function pointed(json: string, name: string): string {
  return `json_extract(${json}, ${text(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)})`;
}

function changedItem(item: string, { hidden, others }: ItemChange): string {
  const entry = lambdaVariable(0);
  const all = lambdaVariable(1);
  const none = "CAST([] AS STRUCT(key VARCHAR, value JSON)[])";
  const own = `coalesce(map_entries(from_json(${item}, '"MAP(VARCHAR, JSON)"')), ${none})`;
  const kept =
    hidden.length === 0
      ? own
      : `list_filter(${own}, lambda ${entry}: ${entry}.key NOT IN (${hidden.map(text).join(", ")}))`;
  const added = others.map(
    ({ name, value }) =>
      `struct_pack(key := ${text(name)}, value := CASE WHEN ${pointed(item, name)} IS NULL THEN ${value} END)`,
  );
  const more = `list_filter(CAST([${added.join(", ")}] AS STRUCT(key VARCHAR, value JSON)[]), lambda ${entry}: ${entry}.value IS NOT NULL)`;
  const entries = others.length === 0 ? kept : `list_concat(${kept}, ${more})`;
  return `list_transform([${entries}], lambda ${all}: CASE WHEN len(${all}) > 0 THEN CAST(to_json(map_from_entries(${all})) AS VARCHAR) END)[1]`;
}

function plain(value: string): string {
  const json = `CAST(${value} AS VARCHAR)`;
  const token = lambdaVariable(0);
  const pattern = literal(PLAIN_TOKEN);
  const kept = `CASE WHEN starts_with(${token}, '{"NULL"') THEN 'null' ELSE regexp_replace(${token}, ${pattern}, '\\1\\2\\4\\5\\6\\7\\8\\9') END`;
  const tokens = `list_transform(regexp_extract_all(${json}, ${pattern}), lambda ${token}: ${kept})`;
  return `CASE WHEN NOT regexp_matches(${json}, ${literal(CAPITAL_ESCAPE)}) THEN array_to_string(${tokens}, '') END`;
}
