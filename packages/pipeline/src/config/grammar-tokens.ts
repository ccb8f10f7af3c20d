// Tokens of a value in Hydra's override grammar: the longest match wins, the earlier rule on a tie.

export type TokenKind =
  | 'popen'
  | 'comma'
  | 'pclose'
  | 'bracket-open'
  | 'bracket-close'
  | 'brace-open'
  | 'brace-close'
  | 'colon'
  | 'equal'
  | 'float'
  | 'int'
  | 'bool'
  | 'null'
  | 'char'
  | 'id'
  | 'escape'
  | 'space'
  | 'quoted'
  | 'interpolation';

/** A token with its text (surrounding blanks included where the grammar swallows them) and where it starts. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/** A value that the grammar does not know; `at` counts characters from 0. */
export class GrammarError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const UNSIGNED = '(?:0|[1-9](?:_?[0-9])*)';
const DIGITS = '[0-9](?:_?[0-9])*';
const POINT = `(?:${UNSIGNED}?\\.${DIGITS}|${UNSIGNED}\\.)`;
const quoted = (quote: string) => `${quote}(?:(?:\\\\\\\\)*|[^]*?[^\\\\](?:\\\\\\\\)*)${quote}`;

const sticky = (source: string) => new RegExp(source, 'y');
const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ['popen', sticky('[ \\t]*\\([ \\t]*')],
  ['comma', sticky('[ \\t]*,[ \\t]*')],
  ['pclose', sticky('[ \\t]*\\)')],
  ['bracket-open', sticky('\\[[ \\t]*')],
  ['bracket-close', sticky('[ \\t]*\\]')],
  ['brace-open', sticky('\\{[ \\t]*')],
  ['brace-close', sticky('[ \\t]*\\}')],
  ['colon', sticky('[ \\t]*:[ \\t]*')],
  ['equal', sticky('[ \\t]*=[ \\t]*')],
  ['float', sticky(`[+-]?(?:(?:${POINT}|${UNSIGNED})[eE][+-]?${DIGITS}|${POINT}|[Ii][Nn][Ff]|[Nn][Aa][Nn])`)],
  ['int', sticky(`[+-]?${UNSIGNED}`)],
  ['bool', sticky('[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]')],
  ['null', sticky('[Nn][Uu][Ll][Ll]')],
  ['char', sticky('[/\\-\\\\+.$%*@?|]')],
  ['id', sticky('[A-Za-z_][A-Za-z0-9_-]*')],
  ['escape', sticky('(?:\\\\[\\\\()[\\]{}:=, \\t])+')],
  ['space', sticky('[ \\t]+')],
  ['quoted', sticky(`${quoted('"')}|${quoted("'")}`)],
  ['interpolation', sticky('\\$\\{[^}]+\\}')],
];

function longestAt(text: string, at: number): Token | undefined {
  let best: Token | undefined;
  for (const [kind, rule] of RULES) {
    rule.lastIndex = at;
    const match = rule.exec(text)?.[0];
    if (match !== undefined && match.length > (best?.text.length ?? 0)) best = { kind, text: match, at };
  }
  return best;
}

/**
 * Splits a value into tokens.
 * @throws {GrammarError} at a character that starts no token, such as an unclosed quote.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    const token = longestAt(text, at);
    if (token === undefined) throw new GrammarError(`unexpected ${JSON.stringify(text[at])}`, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}
