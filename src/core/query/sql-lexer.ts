/** Cuts SQL text into tokens. Never fails: what is no token becomes one of kind `bad`, which the parser refuses. */

export type Token =
  /** A bare name or keyword; `text` as written. */
  | { readonly kind: "word"; readonly text: string; readonly position: number }
  /** A name in double quotes; `text` without them. */
  | { readonly kind: "quoted"; readonly text: string; readonly position: number }
  /** A text in single quotes; `text` without them. */
  | { readonly kind: "string"; readonly text: string; readonly position: number }
  | {
      readonly kind: "number";
      readonly text: string;
      readonly value: number;
      readonly position: number;
    }
  | { readonly kind: "symbol"; readonly text: string; readonly position: number }
  /** Not SQL; `reason` is a sentence. */
  | {
      readonly kind: "bad";
      readonly text: string;
      readonly reason: string;
      readonly position: number;
    }
  | { readonly kind: "end"; readonly text: ""; readonly position: number };

/** A name that needs no quotes, unless it is a keyword. */
export const BARE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const SPACE = /[ \t\r\n\f\v\u00a0\ufeff]+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const AFTER_NUMBER = /[A-Za-z0-9_.]/;
const STRING = /'((?:[^']|'')*)'(?!')/y;
const QUOTED = /"((?:[^"]|"")*)"(?!")/y;
const SYMBOL = /<=|>=|<>|!=|[=<>(),*;]/y;

/** The tokens of a text, the last of kind `end`; or up to the first that is `bad`. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let position = (match(SPACE, sql, 0)?.[0] ?? "").length;
  while (position < sql.length) {
    const [token, end] = tokenAt(sql, position);
    tokens.push(token);
    if (token.kind === "bad") return tokens;
    position = end + (match(SPACE, sql, end)?.[0] ?? "").length;
  }
  tokens.push({ kind: "end", text: "", position });
  return tokens;
}

function tokenAt(sql: string, position: number): [token: Token, end: number] {
  const word = match(WORD, sql, position);
  if (word !== null) return [{ kind: "word", text: word[0], position }, position + word[0].length];
  const number = match(NUMBER, sql, position);
  if (number !== null) return [numberToken(number[0], sql, position), position + number[0].length];
  const symbol = match(SYMBOL, sql, position);
  if (symbol !== null) {
    const text = symbol[0] === "<>" ? "!=" : symbol[0];
    return [{ kind: "symbol", text, position }, position + symbol[0].length];
  }
  const string = match(STRING, sql, position);
  if (string !== null) {
    const text = string[1]!.replaceAll("''", "'");
    return [{ kind: "string", text, position }, position + string[0].length];
  }
  const quoted = match(QUOTED, sql, position);
  if (quoted !== null) {
    const text = quoted[1]!.replaceAll('""', '"');
    return [{ kind: "quoted", text, position }, position + quoted[0].length];
  }
  return [badToken(sql, position), sql.length];
}

function numberToken(text: string, sql: string, position: number): Token {
  const value = Number(text);
  if (!Number.isFinite(value)) return bad(text, position, `The number ${text} is too large`);
  const next = sql[position + text.length];
  if (next === undefined || !AFTER_NUMBER.test(next))
    return { kind: "number", text, value, position };
  return bad(text + next, position, `A number can't be followed by ${next}`);
}

function badToken(sql: string, position: number): Token {
  const character = String.fromCodePoint(sql.codePointAt(position)!);
  if (character === "'") return bad(character, position, "A text has no closing quote '");
  if (character === '"') return bad(character, position, 'A name has no closing quote "');
  if (/\p{L}/u.test(character)) {
    return bad(character, position, `Put a name that has ${character} in it in double quotes`);
  }
  // What tools write first of all: a.level, or "M"."level".
  if (character === ".")
    return bad(character, position, "A field's name stands alone, without the model's before it");
  return bad(character, position, `${character} has no meaning here`);
}

function bad(text: string, position: number, reason: string): Token {
  return { kind: "bad", text, reason, position };
}

function match(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}
