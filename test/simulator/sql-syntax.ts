/**
 * The subset of SQL that the core generates, as a tree. It is small on purpose: a statement with anything else is refused, so
 * that none is ever half understood.
 */

export interface Query {
  readonly with: readonly { readonly name: string; readonly query: Query }[];
  /** Joined by UNION ALL. */
  readonly selects: readonly Select[];
  readonly orderBy: readonly Order[];
  readonly limit: Expression | undefined;
}

export interface Select {
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: From | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
}

export type SelectItem = "*" | { readonly name: string; readonly value: Expression };

export interface From {
  readonly relation: { readonly name: string } | { readonly parameter: number } | Query;
  readonly alias: string | undefined;
}

export interface Order {
  readonly value: Expression;
  readonly descending: boolean;
  /** They come last otherwise, in both directions, as in DuckDB. */
  readonly nullsFirst: boolean;
}

export type Expression =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "parameter"; readonly index: number }
  | { readonly kind: "column"; readonly of: string | undefined; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: "cast"; readonly value: Expression; readonly type: string }
  | {
      readonly kind: "operation";
      readonly name: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "not"; readonly value: Expression }
  | { readonly kind: "is-null"; readonly value: Expression }
  | {
      readonly kind: "case";
      readonly whens: readonly { readonly when: Expression; readonly result: Expression }[];
      readonly otherwise: Expression | undefined;
    }
  | { readonly kind: "in"; readonly value: Expression; readonly query: Query }
  | { readonly kind: "in-list"; readonly value: Expression; readonly list: readonly Expression[] }
  | { readonly kind: "exists"; readonly query: Query }
  | {
      readonly kind: "aggregate";
      readonly name: "count" | "min" | "max";
      readonly distinct: boolean;
      /** Undefined for count(*). */
      readonly value: Expression | undefined;
    }
  | {
      readonly kind: "window";
      readonly name: "row_number" | "max";
      readonly value: Expression | undefined;
      readonly partitionBy: readonly Expression[];
      readonly orderBy: readonly Order[];
    }
  /** A part that is only evaluated for rows of other histories: it fails if it is reached. */
  | { readonly kind: "unknown"; readonly text: string };

/** A statement without its numbers and relations, so that one tree serves all statements of the same form. */
export interface StatementForm {
  readonly text: string;
  readonly parameters: readonly string[];
}

const PARTS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|@\d+|(?<![\w.])\d+(?![\w.])/g;

/** Relations are written as @17. */
export function formOf(sql: string): StatementForm {
  const parameters: string[] = [];
  const text = sql.replace(PARTS, (part) => {
    if (part.startsWith("'") || part.startsWith('"')) return part;
    parameters.push(part);
    return "?";
  });
  return { text, parameters };
}

export class NotUnderstood extends Error {}

const TOKENS =
  /\s+|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*|<>|<=|>=|\|\||\/\/|:=|->>|->|[?(),.*<>=+\-/:[\]{}]/gy;

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < text.length) {
    const at = TOKENS.lastIndex;
    const token = TOKENS.exec(text)?.[0];
    if (token === undefined) throw new NotUnderstood(`at ${text.slice(at, at + 40)}`);
    if (token.trim() !== "") tokens.push(token);
  }
  return tokens;
}

export function parseStatement(text: string): Query {
  return new Parser(tokensOf(text)).statement();
}

const WORDS = new Set(
  "SELECT FROM WHERE AS AND OR NOT IN IS NULL EXISTS UNION GROUP ORDER BY LIMIT OVER CASE WHEN THEN ELSE END WITH DISTINCT DESC ASC".split(
    " ",
  ),
);

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #parameters = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  statement(): Query {
    const query = this.#query();
    if (this.#at !== this.#tokens.length) throw this.#refused();
    return query;
  }

  #query(): Query {
    const named: { name: string; query: Query }[] = [];
    if (this.#takes("WITH")) {
      do {
        const name = this.#name();
        this.#require("AS");
        if (this.#takes("NOT")) this.#require("MATERIALIZED");
        named.push({ name, query: this.#parenthesized(() => this.#query()) });
      } while (this.#takes(","));
    }
    const selects = [this.#select()];
    while (this.#takes("UNION")) {
      this.#require("ALL");
      selects.push(this.#select());
    }
    const orderBy = this.#takes("ORDER") ? this.#orders() : [];
    const limit = this.#takes("LIMIT") ? this.#expression() : undefined;
    return { with: named, selects, orderBy, limit };
  }

  #select(): Select {
    this.#require("SELECT");
    const distinct = this.#takes("DISTINCT");
    const items = this.#list(() => this.#item());
    const from = this.#takes("FROM") ? this.#from() : undefined;
    const where = this.#takes("WHERE") ? this.#expression() : undefined;
    let groupBy: readonly Expression[] = [];
    if (this.#takes("GROUP")) {
      this.#require("BY");
      groupBy = this.#list(() => this.#expression());
    }
    return { distinct, items, from, where, groupBy };
  }

  #item(): SelectItem {
    if (this.#takes("*")) return "*";
    const value = this.#expression();
    if (this.#takes("AS")) return { name: this.#name(), value };
    return { name: value.kind === "column" ? value.name : "", value };
  }

  #from(): From {
    const relation = this.#relation();
    return { relation, alias: this.#takes("AS") ? this.#name() : undefined };
  }

  #relation(): From["relation"] {
    if (this.#takes("?")) return { parameter: this.#parameters++ };
    if (this.#peek() === "(") return this.#parenthesized(() => this.#query());
    return { name: this.#name() };
  }

  #orders(): readonly Order[] {
    this.#require("BY");
    return this.#list(() => {
      const value = this.#expression();
      const descending = this.#takes("DESC");
      if (!descending) this.#takes("ASC");
      const nullsFirst = this.#takes("NULLS");
      if (nullsFirst) this.#require("FIRST");
      return { value, descending, nullsFirst };
    });
  }

  #expression(): Expression {
    return this.#binary(0);
  }

  /** Operators in order of increasing precedence. */
  #binary(level: number): Expression {
    const names = LEVELS[level];
    if (names === undefined) return this.#unary();
    if (level === NOT_LEVEL && this.#peek() === "NOT" && this.#peek(1) !== "IN") {
      this.#at++;
      return { kind: "not", value: this.#binary(level) };
    }
    let left = this.#binary(level + 1);
    for (;;) {
      const word = this.#peek();
      if (level === COMPARISON_LEVEL && (word === "IS" || word === "IN" || word === "NOT"))
        left = this.#test(left);
      else if (word !== undefined && names.includes(word)) {
        this.#at++;
        left = { kind: "operation", name: word, left, right: this.#binary(level + 1) };
      } else return left;
    }
  }

  #test(value: Expression): Expression {
    if (this.#takes("IS")) {
      const negated = this.#takes("NOT");
      this.#require("NULL");
      const test: Expression = { kind: "is-null", value };
      return negated ? { kind: "not", value: test } : test;
    }
    const negated = this.#takes("NOT");
    this.#require("IN");
    const isQuery = this.#peek(1) === "SELECT" || this.#peek(1) === "WITH";
    const test: Expression = isQuery
      ? { kind: "in", value, query: this.#parenthesized(() => this.#query()) }
      : { kind: "in-list", value, list: this.#parenthesized(() => this.#list(() => this.#expression())) };
    return negated ? { kind: "not", value: test } : test;
  }

  #unary(): Expression {
    if (this.#takes("-")) {
      return {
        kind: "operation",
        name: "-",
        left: { kind: "literal", value: 0 },
        right: this.#unary(),
      };
    }
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#peek();
    if (token === undefined) throw this.#refused();
    if (token === "?") {
      this.#at++;
      return { kind: "parameter", index: this.#parameters++ };
    }
    if (token.startsWith("'")) {
      this.#at++;
      return { kind: "literal", value: token.slice(1, -1).replaceAll("''", "'") };
    }
    if (token === "(") return this.#parenthesized(() => this.#expression());
    switch (token.toUpperCase()) {
      case "TRUE":
      case "FALSE":
        this.#at++;
        return { kind: "literal", value: token.toUpperCase() === "TRUE" };
      case "NULL":
        this.#at++;
        return { kind: "literal", value: null };
      case "CAST":
      case "TRY_CAST":
        return this.#cast();
      case "CASE":
        return this.#case();
      case "EXISTS":
        this.#at++;
        return { kind: "exists", query: this.#parenthesized(() => this.#query()) };
      default:
        return this.#peek(1) === "(" && !token.startsWith('"') ? this.#call() : this.#column();
    }
  }

  #column(): Expression {
    const first = this.#name();
    if (!this.#takes(".")) return { kind: "column", of: undefined, name: first };
    return { kind: "column", of: first, name: this.#name() };
  }

  #cast(): Expression {
    this.#at++;
    return this.#parenthesized(() => {
      const value = this.#expression();
      this.#require("AS");
      return { kind: "cast", value, type: this.#balanced() };
    });
  }

  /** The text up to the matching closing parenthesis. */
  #balanced(): string {
    const parts: string[] = [];
    for (let depth = 0; ; this.#at++) {
      const token = this.#peek();
      if (token === undefined) throw this.#refused();
      if (token === ")" && depth === 0) return parts.join(" ");
      if (token === "?") this.#parameters++;
      depth += token === "(" ? 1 : token === ")" ? -1 : 0;
      parts.push(token);
    }
  }

  #case(): Expression {
    this.#at++;
    const whens: { when: Expression; result: Expression }[] = [];
    while (this.#takes("WHEN")) {
      const when = this.#expression();
      this.#require("THEN");
      whens.push({ when, result: this.#expression() });
    }
    const otherwise = this.#takes("ELSE") ? this.#expression() : undefined;
    this.#require("END");
    return { kind: "case", whens, otherwise };
  }

  #call(): Expression {
    const name = (this.#peek() as string).toLowerCase();
    this.#at++;
    const from = this.#at;
    const parameters = this.#parameters;
    try {
      return this.#callOf(name);
    } catch (error) {
      // A function for rows of other histories, with special syntax such as a lambda.
      if (!(error instanceof NotUnderstood)) throw error;
      this.#at = from;
      this.#parameters = parameters;
      return this.#parenthesized(() => ({ kind: "unknown", text: `${name}(${this.#balanced()})` }));
    }
  }

  #callOf(name: string): Expression {
    this.#require("(");
    const distinct = this.#takes("DISTINCT");
    const star = this.#takes("*");
    const values = star || this.#peek() === ")" ? [] : this.#list(() => this.#expression());
    this.#require(")");
    if (this.#takes("OVER")) return this.#window(name, values[0]);
    if (name === "count" || name === "min" || name === "max")
      return { kind: "aggregate", name, distinct, value: values[0] };
    return { kind: "call", name, arguments: values };
  }

  #window(name: string, value: Expression | undefined): Expression {
    if (name !== "row_number" && name !== "max") throw this.#refused();
    return this.#parenthesized(() => {
      let partitionBy: readonly Expression[] = [];
      if (this.#takes("PARTITION")) {
        this.#require("BY");
        partitionBy = this.#list(() => this.#expression());
      }
      const orderBy = this.#takes("ORDER") ? this.#orders() : [];
      return { kind: "window", name, value, partitionBy, orderBy };
    });
  }

  #list<T>(one: () => T): readonly T[] {
    const all = [one()];
    while (this.#takes(",")) all.push(one());
    return all;
  }

  #parenthesized<T>(inner: () => T): T {
    this.#require("(");
    const value = inner();
    this.#require(")");
    return value;
  }

  #name(): string {
    const token = this.#peek();
    this.#at++;
    if (token?.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"');
    if (token !== undefined && /^[A-Za-z_]/.test(token) && !WORDS.has(token)) return token;
    this.#at--;
    throw this.#refused();
  }

  #peek(ahead = 0): string | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #takes(word: string): boolean {
    if (this.#peek() !== word) return false;
    this.#at++;
    return true;
  }

  #require(word: string): void {
    if (!this.#takes(word)) throw this.#refused(word);
  }

  #refused(wanted?: string): NotUnderstood {
    const before = this.#tokens.slice(Math.max(0, this.#at - 8), this.#at).join(" ");
    const expected = wanted === undefined ? "" : ` (${wanted} was expected)`;
    return new NotUnderstood(`at ${this.#peek() ?? "the end"} after ${before}${expected}`);
  }
}

const LEVELS = [["OR"], ["AND"], [], ["=", "<>", "<", "<=", ">", ">="], ["||"], ["+", "-"], ["*", "/", "//"]];
const NOT_LEVEL = 2;
const COMPARISON_LEVEL = 3;
