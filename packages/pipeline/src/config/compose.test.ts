// Tests of composition: golden trees of defaults lists, packages, overrides and interpolations, and what is refused. `npm run interop -- hydra` holds the same rules against hydra-core.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpatterError } from '../util/errors.ts';
import { composeTree } from './compose.ts';
import { ConfigSources } from './sources.ts';

/** A folder of config files, by their paths without `.yaml`. */
function folderWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'spatter-compose-'));
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, `${path}.yaml`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return root;
}

const FILES = {
  config:
    'defaults: [base, {db: mysql}, {optional cache: none}, {server@back: apache}, {mixin: [a, b]}, {pair: "${db}_x"}, _self_]\nroot: 1\n',
  base: 'list: [1, 2]\nnested: {a: 1, b: {c: 2}}\n',
  'db/mysql': 'defaults: [{schema: small}, _self_]\nname: mysql\nurl: db://${.name}\n',
  'db/postgres': 'defaults: [mysql, _self_]\nname: postgres\n',
  'db/schema/small': 'tables: 2\n',
  'db/schema/big': 'tables: 200\n',
  'server/apache': 'defaults: [{/tls: strict}, _self_]\nport: 80\n',
  'server/nginx': 'port: 8080\n',
  'tls/strict': 'level: 3\n',
  'mixin/a': 'first: a\nshared: a\n',
  'mixin/b': 'shared: b\n',
  'pair/mysql_x': '# @package deep.er\nvalue: m\n',
  'pair/postgres_x': '# @package _global_\npair_value: p\n',
  'experiment/swap':
    '# @package _global_\ndefaults: [{override /db: postgres}, {override /server@back: nginx}]\nroot: 5\n',
  'experiment/local': 'defaults: [{override /db: postgres}]\n',
  'experiment/early': '# @package _global_\ndefaults: [{override /db: postgres}, {/tls: strict}]\n',
};
const GOLDEN = {
  list: [1, 2],
  nested: { a: 1, b: { c: 2 } },
  db: { schema: { tables: 2 }, name: 'mysql', url: 'db://mysql' },
  back: { tls: { level: 3 }, port: 80 },
  mixin: { first: 'a', shared: 'b' },
  deep: { er: { value: 'm' } },
  root: 1,
};

const folder = folderWith(FILES);

function compose(overrides: readonly string[], folders: readonly string[] = [folder], config = 'config') {
  const sources = new ConfigSources(folders.map((path) => ({ path, label: '' })));
  const now = new Date(2024, 1, 3, 14, 5, 9);
  return composeTree({ sources, configName: config, overrides, env: { HOME_OF: 'me', FOUR: '4' }, now }).tree;
}

/** Composes one file. */
const single = (text: string, overrides: readonly string[] = []) =>
  compose(overrides, [folderWith({ config: text })]);

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SpatterError) return `${error.code}: ${error.message}; ${error.hint}`;
    throw error;
  }
  return 'it composed';
}

describe('defaults lists', () => {
  const golden: [string[], object][] = [
    [[], GOLDEN],
    [['db/schema=big'], { ...GOLDEN, db: { ...GOLDEN.db, schema: { tables: 200 } } }],
    [['server@back=nginx'], { ...GOLDEN, back: { port: 8080 } }],
    [['mixin=[b,a]'], { ...GOLDEN, mixin: { shared: 'a', first: 'a' } }],
    [['~server@back'], { ...GOLDEN, back: undefined }],
    [['+tls=strict'], { ...GOLDEN, tls: { level: 3 } }],
    [['+tls@x.y=strict'], { ...GOLDEN, x: { y: { level: 3 } } }],
    [['+tls@_global_=strict'], { ...GOLDEN, level: 3 }],
    [['db={name: other}'], { ...GOLDEN, db: { ...GOLDEN.db, name: 'other', url: 'db://other' } }],
    [
      ['+experiment=swap'],
      {
        ...GOLDEN,
        db: { schema: { tables: 2 }, name: 'postgres', url: 'db://postgres' },
        back: { port: 8080 },
        deep: undefined,
        pair_value: 'p',
        root: 5,
      },
    ],
    [['+experiment=swap', 'db=mysql', 'root=7'], { ...GOLDEN, back: { port: 8080 }, root: 7 }],
  ];
  it.each(golden)('%j', (overrides, tree) => {
    expect(compose(overrides)).toEqual(tree);
  });

  it('let earlier folders hide files of later ones', () => {
    const extra = folderWith({
      'db/mysql': 'name: never\n',
      'db/sqlite': 'name: sqlite\n',
      'pair/sqlite_x': 'v: 1\n',
    });
    expect(compose([], [folder, extra])).toEqual(GOLDEN);
    expect(compose(['db=sqlite'], [folder, extra])).toMatchObject({ db: { name: 'sqlite' }, pair: { v: 1 } });
  });

  const refused: [string[], string][] = [
    [['db=oracle'], 'CONFIG_NOT_FOUND: no config db/oracle; db has mysql, postgres'],
    [
      ['server=nginx'],
      'CONFIG_OVERRIDE: server=nginx: nothing to override: the defaults list has no server; did you mean server@back?',
    ],
    [['+db=mysql'], 'CONFIG_FILE: config.yaml: db is listed twice; correct the defaults list'],
    [['++db=mysql'], 'CONFIG_OVERRIDE: ++db=mysql: a group cannot be forced in; use one +'],
    [
      ['db=1'],
      'CONFIG_OVERRIDE: db=1: an option of the group db must be a name or a list of names; quote it if it is a name',
    ],
    [['~tls'], 'CONFIG_OVERRIDE: ~tls: the defaults list has no such group or option; leave it out'],
    [
      ['+experiment=local'],
      'CONFIG_FILE: experiment/local.yaml: nothing to override: the defaults list has no db@experiment.db; did you mean db?',
    ],
    [
      ['+experiment=early'],
      'CONFIG_FILE: experiment/early.yaml: override db must stand after all other entries; correct the defaults list',
    ],
  ];
  it.each(refused)('%j is refused', (overrides, line) => {
    expect(failure(() => compose(overrides))).toBe(line);
  });

  const wrongFiles: [string, string][] = [
    ['defaults: {a: b}\n', 'CONFIG_FILE: config.yaml: defaults must be a list; correct the defaults list'],
    ['defaults: [_self_, _self_]\n', 'CONFIG_FILE: config.yaml: _self_ is listed twice; keep one'],
    [
      'defaults: [{a: b, c: d}]\n',
      'CONFIG_FILE: config.yaml: an entry must be `option` or `group: option`, got {"a":"b","c":"d"}; correct the defaults list',
    ],
    [
      'defaults: [{a: 1}]\n',
      'CONFIG_FILE: config.yaml: a: an option must be a name, a list of names or null, got 1; correct the defaults list',
    ],
    [
      'defaults: [{some a: b}]\n',
      'CONFIG_FILE: config.yaml: "some a": only optional and override may stand before a group; correct the defaults list',
    ],
    ['defaults: [{a: "???"}]\n', 'CONFIG_VALUE: an option for a must be chosen; add a=… with one of '],
    [
      'defaults: [config]\n',
      'CONFIG_FILE: config.yaml: config lists itself, by way of config; correct the defaults list',
    ],
    [
      'defaults: [{a: "${b}"}]\n',
      'CONFIG_FILE: config.yaml: ${b} must name a group with one option, such as (none); correct the defaults list',
    ],
    ['- 1\n', 'CONFIG_FILE: config.yaml must hold a map of keys; write it as `key: value` lines'],
    ['a: [1\n', 'CONFIG_FILE: config.yaml:2: not valid YAML'],
  ];
  it.each(wrongFiles)('%j is refused', (text, line) => {
    expect(failure(() => single(text)).startsWith(line)).toBe(true);
  });
});

describe('value overrides', () => {
  const golden: [string, object][] = [
    ['list=[3]', { list: [3] }],
    ['list.0=9', { list: [9, 2] }],
    ['nested={a: 5}', { nested: { a: 5, b: { c: 2 } } }],
    ['+nested={z: 5}', { nested: { a: 1, b: { c: 2 }, z: 5 } }],
    ['+new.deep=[1]', { new: { deep: [1] } }],
    ['++nested.a=5', { nested: { a: 5, b: { c: 2 } } }],
    ['+root.x=1', { root: { x: 1 } }],
    ['~nested.b', { nested: { a: 1 } }],
    ['~nested.a=1', { nested: { b: { c: 2 } } }],
    ['nested=3', { nested: 3 }],
    ['root=', { root: '' }],
  ];
  it.each(golden)('%s', (override, part) => {
    expect(compose([override])).toEqual({ ...GOLDEN, ...part });
  });

  const refused: [string, string][] = [
    [
      'nested.z=1',
      'CONFIG_UNKNOWN_KEY: nested.z: unknown key (from the command line); did you mean nested.a?',
    ],
    [
      'xyzzy=1',
      'CONFIG_UNKNOWN_KEY: xyzzy: unknown key (from the command line); to add a key write +xyzzy=1',
    ],
    [
      '+nested.a=1',
      'CONFIG_OVERRIDE: +nested.a=1: nested.a exists already; write nested.a=1 to change it, or ++nested.a=1 to set it either way',
    ],
    ['~nested.a=2', 'CONFIG_OVERRIDE: ~nested.a=2: nested.a is 1; give that value, or none'],
    [
      'list.7=1',
      'CONFIG_OVERRIDE: list.7=1: the list has 2 items, and 7 is not the index of one; check the value',
    ],
    ['root@pkg=1', 'CONFIG_OVERRIDE: root@pkg=1: there is no config group root; check the group’s name'],
  ];
  it.each(refused)('%s is refused', (override, line) => {
    expect(failure(() => compose([override]))).toBe(line);
  });
});

describe('interpolations', () => {
  const ground = 'a: 1\nc: {d: two, list: [x, y]}\nkey: d\n';
  const golden: [string, unknown][] = [
    ['${a}', 1],
    ['v${a}-${c.d}', 'v1-two'],
    ['${c.${key}}', 'two'],
    ['${c.list[1]}', 'y'],
    ['${.a}', 1],
    ['${c}', { d: 'two', list: ['x', 'y'] }],
    ['\\${a}', '${a}'],
    ['${oc.env:HOME_OF}', 'me'],
    ['${oc.env:NOPE,${a}}', '1'],
    ['${oc.env:NOPE,null}', null],
    ['${oc.env:NOPE,true}', 'True'],
    ['${oc.decode:${oc.env:FOUR}}', 4],
    ['${oc.select:nope,5}', 5],
    ['${oc.dict.keys:c}', ['d', 'list']],
    ['${now:%Y-%m-%d_%H-%M-%S}', '2024-02-03_14-05-09'],
    ['${now:%y %j %B %b %A %a %I %p %f %%}', '24 034 February Feb Saturday Sat 02 PM 000000 %'],
  ];
  it.each(golden)('%s', (text, value) => {
    expect(single(`${ground}x: '${text}'\n`)['x']).toEqual(value);
  });

  const refused: [string, string][] = [
    ['${nope}', 'there is no nope'],
    ['${x}', 'x refers to itself'],
    ['${oc.env:NOPE}', 'the environment variable NOPE is not set and there is no default'],
    ['${my.own:1}', 'no resolver my.own; there are oc.env'],
    ['${...a}', '...a climbs above the root'],
    ['${a', 'a } is missing'],
    ['${now:%Q}', 'the date part %Q is not known'],
    ['in ${c}', 'a list or a map cannot stand inside a text'],
    ['???', 'x is mandatory (???) and was not given'],
  ];
  it.each(refused)('%s is refused', (text, part) => {
    const line = failure(() => single(`${ground}x: '${text}'\n`));
    expect(line).toContain(part);
    expect(line).toMatch(/^CONFIG_VALUE: x .*\(from config\.yaml:4\)/);
  });
});
