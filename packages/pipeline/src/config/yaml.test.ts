// Tests of config YAML: read as PyYAML with OmegaConf reads it, written so that YAML 1.1 and 1.2 read the same.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { formatYaml, parseYaml } from './yaml.ts';

describe('config YAML', () => {
  const scalars: [string, unknown][] = [
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['n', 'n'],
    ['yEs', 'yEs'],
    ['"yes"', 'yes'],
    ['012', 10],
    ['08', '08'],
    ['0x1F', 31],
    ['0b11', 3],
    ['-0x10', -16],
    ['1_000', 1000],
    ['1:30', 90],
    ['1e-3', 0.001],
    ['1.0e+3', 1000],
    ['-.5', '-.5'],
    ['.5', 0.5],
    ['.inf', Infinity],
    ['-.inf', -Infinity],
    ['1.2.3', '1.2.3'],
    ['2020-01-02', '2020-01-02'],
    ['~', null],
    ['', null],
  ];
  // Every pair above was compared with PyYAML 6.0 under OmegaConf 2.3's loader (npm run interop -- hydra).
  it.each(scalars)('reads %s', (text, value) => {
    expect(parseYaml(`x: ${text}\n`, 'f').value).toEqual({ x: value });
  });

  it('knows on which line every key stands', () => {
    const { lines } = parseYaml('# top\na:\n  b: 1\n\n  c: [x,\n    y]\n', 'f');
    expect(Object.fromEntries(lines)).toMatchObject({ a: 2, 'a.b': 3, 'a.c': 5, 'a.c.1': 6 });
  });

  it('refuses double keys with file and line', () => {
    expect(() => parseYaml('a: 1\na: 2\n', 'f.yaml')).toThrow(/^f\.yaml:2: not valid YAML/);
  });

  it('writes what itself and both YAML versions read back', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'yes',
        'off',
        'y',
        '1e5',
        '1:30',
        '012',
        '0o7',
        'null',
        '~',
        '',
        '.5',
        '1_0',
        '<<',
        '=',
        '- a',
        '#',
      ),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const tree = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(value, fc.array(value)), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(tree, (content) => {
        const text = formatYaml(content);
        expect(parseYaml(text, 'f').value).toEqual(content);
        expect(parse(text, { version: '1.2' })).toEqual(content);
        expect(parse(text, { version: '1.1' })).toEqual(content);
      }),
      { numRuns: 300 },
    );
  });
});
