// JSON as Python's `json` module reads and writes it: NaN and infinities are allowed, text is ASCII.

/** A value that JSON can hold. Numbers may be NaN or infinite. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

const SPECIAL = { NaN, Infinity, '-Infinity': -Infinity } as const;
const STRING_OR_SPECIAL = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
const MARK = '\u0000number';

/** Parses what `json.dumps` wrote. Throws SyntaxError on anything else. */
export function parsePythonJson(text: string): Json {
  if (!text.includes('NaN') && !text.includes('Infinity')) return JSON.parse(text) as Json;
  const marked = text.replace(STRING_OR_SPECIAL, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ [MARK]: token }),
  );
  return JSON.parse(marked, (_, value: unknown) => {
    const isMark = typeof value === 'object' && value !== null && MARK in value;
    return isMark ? SPECIAL[value[MARK] as keyof typeof SPECIAL] : value;
  }) as Json;
}

/** Writes a value as `json.dumps` does by default. Members that are undefined are left out. */
export function toPythonJson(value: Json): string {
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : String(value);
  if (typeof value === 'string') return asciiString(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (isArray(value)) return `[${value.map(toPythonJson).join(', ')}]`;
  const members = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return `{${members.map(([key, member]) => `${asciiString(key)}: ${toPythonJson(member)}`).join(', ')}}`;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function asciiString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
