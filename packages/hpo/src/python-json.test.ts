// JSON as Python writes it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePythonJson, toPythonJson, type Json } from './python-json.ts';

it('reads the numbers that JSON does not have, but not inside text', () => {
  const text = '{"a": [NaN, -Infinity, Infinity, 1e-05], "NaN": "Infinity \\" NaN"}';
  expect(parsePythonJson(text)).toEqual({ a: [NaN, -Infinity, Infinity, 1e-5], NaN: 'Infinity " NaN' });
});

it('writes what json.dumps writes', () => {
  expect(toPythonJson({ a: [1, null, true, NaN], ü: '€\n' })).toBe(
    '{"a": [1, null, true, NaN], "\\u00fc": "\\u20ac\\n"}',
  );
});

it('gives every value back', () => {
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 2 },
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('any'), { maxKeys: 4 }),
    ),
  })).any as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(value, (json) => {
      expect(parsePythonJson(toPythonJson(json))).toEqual(withoutNegativeZero(json));
    }),
  );
});

/** JavaScript writes −0 as 0. */
function withoutNegativeZero(json: Json): Json {
  return JSON.parse(
    JSON.stringify(json, (_, v: unknown) => (typeof v === 'number' && !Number.isFinite(v) ? `#${v}` : v)),
    (_, v: unknown) => (typeof v === 'string' && /^#(NaN|-?Infinity)$/.test(v) ? Number(v.slice(1)) : v),
  ) as Json;
}
