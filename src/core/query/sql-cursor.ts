/** Walks the tokens of SQL text and says where it stopped understanding. */
import { tokensOf } from "./sql-lexer.ts";
import { ok } from "../refusal.ts";
import type { Token } from "./sql-lexer.ts";
import type { Refusal, Result } from "../refusal.ts";

/** Words that are names only in double quotes. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "SELECT FROM WHERE GROUP ORDER BY LIMIT OFFSET AND OR NOT IN LIKE ESCAPE BETWEEN IS NULL " +
    "TRUE FALSE AS ASC DESC NULLS DISTINCT HAVING"
  ).split(" "),
);

/** What SQL has and this subset has not, by the word at which the parser stops. */
const ABSENT: Readonly<Record<string, string>> = {
  HAVING: "HAVING is not supported; filter rows with WHERE, or the groups of the answer",
  DISTINCT: "DISTINCT is for count(DISTINCT field); GROUP BY lists different values",
  SELECT: "One query is asked at a time, and none inside another",
  JOIN: "A query reads one model; joins are not supported",
  INNER: "A query reads one model; joins are not supported",
  LEFT: "A query reads one model; joins are not supported",
  RIGHT: "A query reads one model; joins are not supported",
  FULL: "A query reads one model; joins are not supported",
  CROSS: "A query reads one model; joins are not supported",
  UNION: "UNION is not supported; ask two queries",
  INTERSECT: "INTERSECT is not supported",
  EXCEPT: "EXCEPT is not supported; use NOT in WHERE",
  OVER: "Window functions are not supported",
  CASE: "CASE is not supported",
  WITH: "A query begins with SELECT; WITH is not supported",
  INSERT: "Queries only read; send messages to change twins",
  UPDATE: "Queries only read; send messages to change twins",
  DELETE: "Queries only read; DELETE a twin over HTTP",
};

/** Ends the parse of one text. Only `readSql` throws and catches it: nothing of it leaves these files. */
class SyntaxStop extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** What `read` makes of a text's tokens, or a refusal with `query/syntax` where it called `fail` or `stop`. */
export function readSql<T>(sql: string, read: (cursor: SqlCursor) => T): Result<T> {
  try {
    return ok(read(new SqlCursor(sql)));
  } catch (stop) {
    if (stop instanceof SyntaxStop) return { ok: false, refusal: stop.refusal };
    throw stop;
  }
}

export class SqlCursor {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#tokens = tokensOf(sql);
  }

  get token(): Token {
    return this.#tokens[this.#at]!;
  }

  /** Whether the token after the present one is this symbol. */
  isBefore(symbol: string): boolean {
    const next = this.#tokens[this.#at + 1];
    return next?.kind === "symbol" && next.text === symbol;
  }

  /** Goes on to the next token; stays at the last. */
  advance(): void {
    if (this.#at < this.#tokens.length - 1) this.#at++;
  }

  isKeyword(keyword: string): boolean {
    return this.token.kind === "word" && this.token.text.toUpperCase() === keyword;
  }

  takeKeyword(keyword: string): boolean {
    const isNext = this.isKeyword(keyword);
    if (isNext) this.advance();
    return isNext;
  }

  takeSymbol(symbol: string): boolean {
    const isNext = this.token.kind === "symbol" && this.token.text === symbol;
    if (isNext) this.advance();
    return isNext;
  }

  needKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) this.fail(keyword);
  }

  needSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) this.fail(`"${symbol}"`);
  }

  /** A bare or quoted name; `what` says of what. */
  needName(what: string): string {
    const { token } = this;
    const isName =
      token.kind === "quoted" || (token.kind === "word" && !KEYWORDS.has(token.text.toUpperCase()));
    if (!isName) this.fail(what);
    this.advance();
    return token.text;
  }

  needNumber(what: string): number {
    const { token } = this;
    if (token.kind !== "number") return this.fail(what);
    this.advance();
    return token.value;
  }

  needString(what: string): string {
    const { token } = this;
    if (token.kind !== "string") return this.fail(what);
    this.advance();
    return token.text;
  }

  /** One `read` or more, with commas between. */
  listOf<T>(read: () => T): T[] {
    const list = [read()];
    while (this.takeSymbol(",")) list.push(read());
    return list;
  }

  /** Stops at the present token, which is not what was `expected`. */
  fail(expected: string): never {
    const { token } = this;
    if (token.kind === "bad") return this.stop(token.reason, token.position);
    const text = this.#textOf(token);
    const found = token.kind === "symbol" ? `"${text}"` : text;
    const absent = token.kind === "word" ? ABSENT[token.text.toUpperCase()] : undefined;
    const hint = absent === undefined ? "" : ` ${absent}.`;
    return this.stop(`Expected ${expected}, found ${found}`, token.position, { expected, hint });
  }

  /**
   * Stops at a position, with a sentence without its full stop. The refusal's `data` has `position` from 0, `line`
   * and `column` from 1, and `expected` if it is known.
   */
  stop(
    reason: string,
    position: number,
    more: { readonly expected?: string; readonly hint?: string } = {},
  ): never {
    const before = this.#sql.slice(0, position);
    const line = before.split("\n").length;
    const column = position - before.lastIndexOf("\n");
    const expected = more.expected === undefined ? {} : { expected: more.expected };
    const detail = `${reason}, at line ${line}, column ${column}.${more.hint ?? ""}`;
    const data = { position, line, column, ...expected };
    throw new SyntaxStop({ code: "query/syntax", detail, data });
  }

  /** A token as it is written, cut when long. */
  #textOf(token: Token): string {
    if (token.kind === "end") return "the end";
    const end = this.#tokens[this.#at + 1]?.position ?? this.#sql.length;
    const text = this.#sql.slice(token.position, end).trimEnd();
    return text.length > FOUND_CHARS_MAX ? `${text.slice(0, FOUND_CHARS_MAX)}…` : text;
  }
}

/** Characters of a token that an error repeats. */
const FOUND_CHARS_MAX = 40;
