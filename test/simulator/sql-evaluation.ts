/**
 * Evaluates the statements of `sql-syntax.ts` over rows in memory, with the semantics of DuckDB, as `same-rows.deep.test.ts` proves on
 * whole histories. Times are whole microseconds since the epoch.
 */
import { createHash } from "node:crypto";
import {
  type Expression,
  type From,
  formOf,
  NotUnderstood,
  type Order,
  parseStatement,
  type Query,
  type Select,
} from "./sql-syntax.ts";

export type SqlValue = string | number | boolean | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** The rows of a relation, by its number. */
export type Relations = (number: number) => readonly SqlRow[];

type Parameter = number | readonly SqlRow[];

/** One execution. */
interface Execution {
  readonly parameters: readonly Parameter[];
  /** Values that are the same for all rows, by the part of the statement. */
  readonly known: Map<object, unknown>;
}

interface Scope {
  readonly row: SqlRow;
  readonly alias: string | undefined;
  readonly outer: Scope | undefined;
  readonly execution: Execution;
  /** The rows of an aggregate. */
  readonly group?: readonly Scope[];
}

type Evaluated = (scope: Scope) => SqlValue;
type Executed = (execution: Execution, outer: Scope | undefined) => readonly SqlRow[];

const compiled = new Map<string, Executed>();

/** The rows of a statement. Throws if it contains anything that is not supported here. */
export function rowsOf(sql: string, relations: Relations): readonly SqlRow[] {
  const { text, parameters } = formOf(sql);
  let run = compiled.get(text);
  if (run === undefined) {
    run = compileQuery(parseStatement(text), new Map());
    compiled.set(text, run);
  }
  const values = parameters.map((parameter) =>
    parameter.startsWith("@") ? relations(Number(parameter.slice(1))) : Number(parameter),
  );
  return run({ parameters: values, known: new Map() }, undefined);
}

/** Compiles a condition on rows, for the parts of a stage. */
export function conditionOf(sql: string): (row: SqlRow) => boolean {
  const { text, parameters } = formOf(`SELECT 1 WHERE ${sql}`);
  const where = parseStatement(text).selects[0]?.where as Expression;
  const evaluate = compileExpression(where, new Map());
  const values = parameters.map(Number);
  return (row) => {
    const execution = { parameters: values, known: new Map() };
    return evaluate({ row, alias: undefined, outer: undefined, execution }) === true;
  };
}

type Names = ReadonlyMap<string, Executed>;

function compileQuery(query: Query, outerNames: Names): Executed {
  const names = new Map(outerNames);
  for (const { name, query: named } of query.with) names.set(name, once(compileQuery(named, names)));
  const selects = query.selects.map((select) => compileSelect(select, names));
  const order = compileOrder(query.orderBy, names);
  const limit = query.limit && compileExpression(query.limit, names);
  return (execution, outer) => {
    let rows: readonly SqlRow[] =
      selects.length === 1
        ? (selects[0] as Executed)(execution, outer)
        : selects.flatMap((select) => select(execution, outer));
    const scopeOf = (row: SqlRow): Scope => ({ row, alias: undefined, outer, execution });
    if (query.orderBy.length > 0) rows = [...rows].sort((a, b) => order(scopeOf(a), scopeOf(b)));
    return limit === undefined ? rows : rows.slice(0, limit(scopeOf({})) as number);
  };
}

/** A named relation is read once per statement. */
function once(run: Executed): Executed {
  return (execution) => knownOf(execution, run, () => run(execution, undefined));
}

function knownOf<T>(execution: Execution, part: object, make: () => T): T {
  if (!execution.known.has(part)) execution.known.set(part, make());
  return execution.known.get(part) as T;
}

function compileSelect(select: Select, names: Names): Executed {
  const source = compileFrom(select.from, names);
  const alias = select.from?.alias;
  const where = select.where && compileExpression(select.where, names);
  const groupBy = select.groupBy.map((value) => compileExpression(value, names));
  const whole = select.items.some((item) => item !== "*" && hasAggregate(item.value));
  const windows: { readonly name: string; readonly values: Windowed }[] = [];
  const values: { readonly name: string; readonly evaluate: Evaluated }[] = [];
  let all = false;
  for (const item of select.items) {
    if (item === "*") all = true;
    else if (item.value.kind === "window")
      windows.push({ name: item.name, values: compileWindow(item.value, names) });
    else values.push({ name: item.name, evaluate: compileExpression(item.value, names) });
  }
  return (execution, outer) => {
    let scopes: Scope[] = [];
    for (const row of source(execution, outer)) {
      const scope = { row, alias, outer, execution };
      if (where === undefined || where(scope) === true) scopes.push(scope);
    }
    if (groupBy.length > 0) scopes = groupsOf(scopes, groupBy);
    else if (whole) scopes = [{ row: {}, alias, outer, execution, group: scopes }];
    const windowed = windows.map((window) => ({ name: window.name, values: window.values(scopes) }));
    const rows = scopes.map((scope, i) => {
      const row: Record<string, SqlValue> = all ? { ...scope.row } : {};
      for (const { name, evaluate } of values) row[name] = evaluate(scope);
      for (const window of windowed) row[window.name] = window.values[i] as SqlValue;
      return row;
    });
    return select.distinct ? distinct(rows) : rows;
  };
}

/** A group has the values of its first row: what is selected of it is grouped by, or an aggregate. */
function groupsOf(scopes: readonly Scope[], groupBy: readonly Evaluated[]): Scope[] {
  const groups = new Map<string, Scope[]>();
  for (const scope of scopes) {
    const key = JSON.stringify(groupBy.map((evaluate) => evaluate(scope)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [scope]);
    else group.push(scope);
  }
  return [...groups.values()].map((group) => ({ ...(group[0] as Scope), group }));
}

function distinct(rows: readonly SqlRow[]): readonly SqlRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

const NO_TABLE: readonly SqlRow[] = [{}];

function compileFrom(from: From | undefined, names: Names): Executed {
  if (from === undefined) return () => NO_TABLE;
  const { relation } = from;
  if ("parameter" in relation) {
    return (execution) => execution.parameters[relation.parameter] as readonly SqlRow[];
  }
  if (!("name" in relation)) return compileQuery(relation, names);
  const named = names.get(relation.name);
  if (named === undefined) throw new NotUnderstood(`there is no relation ${relation.name}`);
  return named;
}

function hasAggregate(expression: Expression): boolean {
  switch (expression.kind) {
    case "aggregate":
      return true;
    case "operation":
      return hasAggregate(expression.left) || hasAggregate(expression.right);
    case "cast":
      return hasAggregate(expression.value);
    default:
      return false;
  }
}

type Windowed = (scopes: readonly Scope[]) => readonly SqlValue[];

function compileWindow(window: Expression & { readonly kind: "window" }, names: Names): Windowed {
  const partitionBy = window.partitionBy.map((value) => compileExpression(value, names));
  const order = compileOrder(window.orderBy, names);
  const value = window.value && compileExpression(window.value, names);
  return (scopes) => {
    const groups = new Map<SqlValue, number[]>();
    for (const [i, scope] of scopes.entries()) {
      const key =
        partitionBy.length === 1
          ? (partitionBy[0] as Evaluated)(scope)
          : JSON.stringify(partitionBy.map((evaluate) => evaluate(scope)));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [i]);
      else group.push(i);
    }
    const result = new Array<SqlValue>(scopes.length).fill(null);
    const scopeAt = (i: number): Scope => scopes[i] as Scope;
    for (const group of groups.values()) {
      if (window.name === "row_number") {
        if (group.length > 1) group.sort((a, b) => order(scopeAt(a), scopeAt(b)));
        for (const [place, i] of group.entries()) result[i] = place + 1;
      } else {
        const most = extreme(
          group.map((i) => (value as Evaluated)(scopeAt(i))),
          "max",
        );
        for (const i of group) result[i] = most;
      }
    }
    return result;
  };
}

type Comparison = (a: Scope, b: Scope) => number;

function compileOrder(orderBy: readonly Order[], names: Names): Comparison {
  const parts = orderBy.map(({ value, ...order }) => ({
    evaluate: compileExpression(value, names),
    ...order,
  }));
  return (a, b) => {
    for (const { evaluate, descending, nullsFirst } of parts) {
      const [left, right] = [evaluate(a), evaluate(b)];
      if (left === right) continue;
      if (left === null) return nullsFirst ? -1 : 1;
      if (right === null) return nullsFirst ? 1 : -1;
      return left < right === descending ? 1 : -1;
    }
    return 0;
  };
}

function compileExpression(expression: Expression, names: Names): Evaluated {
  switch (expression.kind) {
    case "literal": {
      const { value } = expression;
      return () => value;
    }
    case "parameter":
      return ({ execution }) => execution.parameters[expression.index] as number;
    case "column":
      return compileColumn(expression.of, expression.name);
    case "call":
      return compileCall(expression, names);
    case "cast": {
      const value = compileExpression(expression.value, names);
      return (scope) => cast(value(scope), expression.type);
    }
    case "operation":
      return compileOperation(expression, names);
    case "not": {
      const value = compileExpression(expression.value, names);
      return (scope) => {
        const inner = value(scope);
        return inner === null ? null : !inner;
      };
    }
    case "is-null": {
      const value = compileExpression(expression.value, names);
      return (scope) => value(scope) === null;
    }
    case "case":
      return compileCase(expression, names);
    case "in":
      return compileIn(expression, names);
    case "in-list":
      return compileInList(expression, names);
    case "exists":
      return compileExists(expression.query, names);
    case "aggregate":
      return compileAggregate(expression, names);
    case "window":
      throw new NotUnderstood("a window inside of an expression");
    case "unknown":
      return () => {
        throw new NotUnderstood(expression.text);
      };
  }
}

function compileColumn(of: string | undefined, name: string): Evaluated {
  return (scope) => {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
      if (of !== undefined && at.alias !== of) continue;
      const value = at.row[name];
      if (value !== undefined) return value;
    }
    throw new NotUnderstood(`there is no column ${of === undefined ? name : `${of}.${name}`}`);
  };
}

function compileCase(expression: Expression & { readonly kind: "case" }, names: Names): Evaluated {
  const whens = expression.whens.map(({ when, result }) => ({
    when: compileExpression(when, names),
    result: compileExpression(result, names),
  }));
  const otherwise = expression.otherwise && compileExpression(expression.otherwise, names);
  return (scope) => {
    for (const { when, result } of whens) if (when(scope) === true) return result(scope);
    return otherwise === undefined ? null : otherwise(scope);
  };
}

function compileOperation(expression: Expression & { readonly kind: "operation" }, names: Names): Evaluated {
  const left = compileExpression(expression.left, names);
  const right = compileExpression(expression.right, names);
  if (expression.name === "AND" || expression.name === "OR") {
    const deciding = expression.name === "OR";
    return (scope) => {
      const a = left(scope);
      if (a === deciding) return deciding;
      const b = right(scope);
      if (b === deciding) return deciding;
      return a === null || b === null ? null : !deciding;
    };
  }
  const operate = operations[expression.name];
  if (operate === undefined) throw new NotUnderstood(expression.name);
  return (scope) => {
    const a = left(scope);
    if (a === null) return null;
    const b = right(scope);
    return b === null ? null : operate(a, b);
  };
}

type Operation = (a: NonNullable<SqlValue>, b: NonNullable<SqlValue>) => SqlValue;

const operations: Readonly<Record<string, Operation>> = {
  "=": (a, b) => a === b,
  "<>": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "||": (a, b) => `${a}${b}`,
  "+": (a, b) => Number(a) + Number(b),
  "-": (a, b) => Number(a) - Number(b),
  "*": (a, b) => Number(a) * Number(b),
  "//": (a, b) => Math.floor(Number(a) / Number(b)),
};

function compileIn(expression: Expression & { readonly kind: "in" }, names: Names): Evaluated {
  const value = compileExpression(expression.value, names);
  const query = compileQuery(expression.query, names);
  return (scope) => {
    const { execution } = scope;
    const set = knownOf(
      execution,
      query,
      () => new Set(query(execution, undefined).map((row) => Object.values(row)[0])),
    );
    const searched = value(scope);
    if (searched === null) return set.size === 0 ? false : null;
    return set.has(searched) ? true : set.has(null) ? null : false;
  };
}

function compileInList(expression: Expression & { readonly kind: "in-list" }, names: Names): Evaluated {
  const value = compileExpression(expression.value, names);
  const list = expression.list.map((each) => compileExpression(each, names));
  return (scope) => {
    const searched = value(scope);
    if (searched === null) return null;
    const values = list.map((each) => each(scope));
    return values.includes(searched) ? true : values.includes(null) ? null : false;
  };
}

/** Looks up rows that share a value with the outer row. Any other condition is tested row by row. */
function compileExists(query: Query, names: Names): Evaluated {
  const [select] = query.selects;
  const { where, from } = select as Select;
  if (
    query.selects.length === 1 &&
    from?.alias !== undefined &&
    where?.kind === "operation" &&
    where.name === "=" &&
    where.left.kind === "column" &&
    where.left.of === from.alias &&
    where.right.kind === "column" &&
    where.right.of !== undefined &&
    where.right.of !== from.alias
  ) {
    const source = compileFrom(from, names);
    const inner = where.left.name;
    const outer = compileExpression(where.right, names);
    return (scope) => {
      const { execution } = scope;
      const set = knownOf(
        execution,
        source,
        () => new Set(source(execution, undefined).map((row) => row[inner])),
      );
      const value = outer(scope);
      return value !== null && set.has(value);
    };
  }
  const rows = compileQuery(query, names);
  return (scope) => rows(scope.execution, scope).length > 0;
}

function compileAggregate(expression: Expression & { readonly kind: "aggregate" }, names: Names): Evaluated {
  const { name, distinct: isDistinct } = expression;
  const value = expression.value && compileExpression(expression.value, names);
  return ({ group = [] }) => {
    if (value === undefined) return group.length;
    const values = group.map(value).filter((each) => each !== null);
    if (name === "count") return isDistinct ? new Set(values).size : values.length;
    return extreme(values, name);
  };
}

function extreme(values: readonly SqlValue[], which: "min" | "max"): SqlValue {
  let found: SqlValue = null;
  for (const value of values) {
    if (value === null) continue;
    if (found === null || (which === "max" ? value > found : value < found)) found = value;
  }
  return found;
}

function compileCall(expression: Expression & { readonly kind: "call" }, names: Names): Evaluated {
  const values = expression.arguments.map((value) => compileExpression(value, names));
  if (expression.name === "coalesce") {
    return (scope) => {
      for (const value of values) {
        const found = value(scope);
        if (found !== null) return found;
      }
      return null;
    };
  }
  const call = functions[expression.name];
  return (scope) => {
    const known = values.map((value) => value(scope));
    if (known.includes(null)) return null;
    if (call === undefined) throw new NotUnderstood(`the function ${expression.name}`);
    return call(known as NonNullable<SqlValue>[]);
  };
}

const hashes = new Map<string, string>();

const functions: Readonly<Record<string, (values: readonly NonNullable<SqlValue>[]) => SqlValue>> = {
  make_timestamp: ([micros]) => Number(micros),
  lpad: ([text, length, fill]) => String(text).padStart(Number(length), String(fill)),
  substr: ([text, from, length]) => String(text).substr(Number(from) - 1, Number(length)),
  json_extract: ([json, pointer]) => {
    const found = pointedAt(json, pointer);
    return found === undefined ? null : JSON.stringify(found);
  },
  json_extract_string: ([json, pointer]) => {
    const found = pointedAt(json, pointer);
    if (found === undefined || found === null) return null;
    return typeof found === "string" ? found : JSON.stringify(found);
  },
  contains: ([text, part]) => String(text).includes(String(part)),
  length: ([text]) => String(text).length,
  sha256: ([value]) => {
    const text = String(value);
    const hash = hashes.get(text) ?? createHash("sha256").update(text).digest("hex");
    hashes.set(text, hash);
    return hash;
  },
};

/** The names in the model need no unescaping in pointers. */
function pointedAt(json: SqlValue | undefined, pointer: SqlValue | undefined): unknown {
  let at: unknown = JSON.parse(String(json));
  for (const name of String(pointer).slice(1).split("/")) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

function cast(value: SqlValue, type: string): SqlValue {
  if (value === null) return null;
  switch (type.toUpperCase()) {
    case "VARCHAR":
      return String(value);
    case "BIGINT":
    case "INTEGER":
      return Number(value);
    case "BOOLEAN":
      return Boolean(value);
    case "UUID":
      return String(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    default:
      throw new NotUnderstood(`a cast to ${type}`);
  }
}
