// Tests of the override grammar: properties over generated values, and the lines that must fail with their position.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrammarError, parseOverride, parseValue } from './grammar.ts';
import { tokenize } from './grammar-tokens.ts';
import type { Tree } from './tree.ts';

const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/);
const key = fc.array(identifier, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const plainText = fc.string({ maxLength: 20 });

/** A text in quotes, with backslashes doubled where Hydra's rules ask for it. */
function quote(text: string, mark: '"' | "'"): string {
  const body = text.replace(new RegExp(`(\\\\*)(${mark}|$)`, 'g'), (_, slashes: string, end: string) =>
    end === '' ? slashes + slashes : `${slashes}${slashes}\\${end}`,
  );
  return mark + body + mark;
}

/** A text without quotes, its special characters escaped. */
const escape = (text: string) => text.replace(/[\\()[\]{}:=, \t]/g, (character) => `\\${character}`);

/** Writes a tree as Hydra's grammar reads it. */
function write(value: Tree, blank: string): string {
  if (typeof value === 'string') return quote(value, '"');
  if (typeof value !== 'object' || value === null) return String(value);
  const comma = `${blank},${blank}`;
  if (Array.isArray(value)) return `[${blank}${value.map((item) => write(item, blank)).join(comma)}${blank}]`;
  const pairs = Object.entries(value).map(([name, item]) => `${name}${blank}:${blank}${write(item, blank)}`);
  return `{${blank}${pairs.join(comma)}${blank}}`;
}

const tree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    plainText,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      identifier.filter((name) => !/^(null|true|false|inf|nan|__proto__)$/i.test(name)),
      tie('tree'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).tree;

describe('values', () => {
  it('are read back from any nesting of lists, maps and quotes, with or without blanks', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom('', ' ', '\t '), (value, blank) => {
        expect(parseValue(write(value, blank))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it('keep every quoted text, whichever quotes', () => {
    fc.assert(
      fc.property(plainText, fc.constantFrom<'"' | "'">('"', "'"), (text, mark) => {
        expect(parseValue(quote(text, mark))).toBe(text);
      }),
      {
        numRuns: 500,
        examples: [
          ['\\', '"'],
          ['\\"', '"'],
          ['a\\\\"', '"'],
          ["'\\", "'"],
          ['', '"'],
        ],
      },
    );
  });

  it('keep every escaped text that looks like no other type', () => {
    const alphabet = fc.stringMatching(/^[a-z/.+@%*?|\\()[\]{}:=, \t-]{1,16}$/);
    fc.assert(
      fc.property(alphabet, (text) => {
        const typed = ['null', 'true', 'false', 'inf', 'nan', '+inf', '-inf', '+nan', '-nan'];
        fc.pre(!typed.includes(text));
        expect(parseValue(escape(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('keep every number', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, (number) => {
        expect(parseValue(String(number))).toBe(number + 0);
      }),
    );
    expect([
      parseValue('1_000'),
      parseValue('+7'),
      parseValue('.5'),
      parseValue('5.'),
      parseValue('-inf'),
    ]).toEqual([1000, 7, 0.5, 5, -Infinity]);
    expect(parseValue('NaN')).toBeNaN();
  });

  it('never fail in another way than with a position inside the text', () => {
    const alphabet = fc.string({
      unit: fc.constantFrom(...'ab1.-_+$"\'\\()[]{}:=,~@/ \t#'.split(/(?=[^])/)),
      maxLength: 14,
    });
    fc.assert(
      fc.property(alphabet, (text) => {
        try {
          parseOverride(text);
        } catch (error) {
          expect(error).toBeInstanceOf(GrammarError);
          expect((error as GrammarError).at).toBeGreaterThanOrEqual(0);
          expect((error as GrammarError).at).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are cut into tokens that cover the text', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = write(value, ' ');
        const tokens = tokenize(text);
        expect(tokens.map((token) => token.text).join('')).toBe(text);
      }),
    );
  });

  const examples: [string, unknown][] = [
    ['', ''],
    ['yes', 'yes'],
    ['1.2.3', '1.2.3'],
    ['0123', '0123'],
    ['true x', 'true x'],
    ['a:b', 'a:b'],
    ['${a.b}', '${a.b}'],
    ['x${a}y', 'x${a}y'],
    ['[a b, c]', ['a b', 'c']],
    ['{a b: 1}', { 'a b': 1 }],
    ['{__proto__: 1}', JSON.parse('{"__proto__":1}')],
    ['int("12")', 12],
    ['int([1.9,true])', [1, 1]],
    ['float("1e3")', 1000],
    ['str({a: 1})', { a: '1' }],
    ['bool("False")', false],
  ];
  it.each(examples)('%s', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });
});

describe('overrides', () => {
  it('carry their action, key, package and value', () => {
    const action = fc.constantFrom(['', 'change'], ['+', 'add'], ['++', 'force'], ['~', 'delete']);
    fc.assert(
      fc.property(
        action,
        key,
        fc.option(key, { nil: undefined }),
        tree,
        ([sign, name], path, target, value) => {
          const line = `${sign}${path}${target === undefined ? '' : `@${target}`}=${write(value, '')}`;
          expect(parseOverride(line)).toEqual({ action: name, key: path, package: target, value, line });
        },
      ),
    );
  });

  it('delete without a value', () => {
    expect(parseOverride('~a.b')).toMatchObject({ action: 'delete', key: 'a.b', value: undefined });
    expect(parseOverride('db/schema@_global_=big')).toMatchObject({
      key: 'db/schema',
      package: '_global_',
      value: 'big',
    });
    expect(parseOverride('a@=b')).toMatchObject({ package: '' });
  });

  const wrong: [string, number][] = [
    ['a', 1],
    ['=1', 0],
    ['a b=1', 0],
    ['+++a=1', 0],
    ['a/b.c=1', 0],
    ['a=[1,2', 6],
    ['a=[1,]', 5],
    ['a={b}', 4],
    ['a={null: 1}', 3],
    ['a="b', 2],
    ['a="b" c', 5],
    ['a=b=c', 3],
    ['a=1,2', 3],
    ['a=choice(1,2)', 2],
    ['a=nope(1)', 2],
    ['a=int(1,2)', 2],
    ['a=int(other=1)', 2],
    ['a=int(x)', 2],
    ['a=int(inf)', 2],
    ['a=bool(null)', 2],
    ['a=#', 2],
  ];
  it.each(wrong)('%s fails at character %i', (line, at) => {
    expect(() => parseOverride(line)).toThrow(GrammarError);
    try {
      parseOverride(line);
    } catch (error) {
      expect((error as GrammarError).at).toBe(at);
    }
  });
});
