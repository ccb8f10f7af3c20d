// Config YAML: read as Hydra reads it (YAML 1.1 words and numbers, as PyYAML with OmegaConf's floats), written so that any YAML version reads it alike.
import {
  LineCounter,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type Node,
  type ScalarTag,
} from 'yaml';
import { SpatterError } from '../util/errors.ts';
import { joinPath, type Tree } from './tree.ts';

// `yes`, `on`, `no`, `off` are booleans here and `y`, `n` are not; `012` is octal; `1:30` is 90.
// The same file must mean the same to Hydra, so we follow PyYAML and not YAML 1.2. See ADR 0004.
const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const INT =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?\d+(?:_\d+)*\.[\d_]*(?:[eE][-+]?\d+)?|[-+]?\d+(?:_\d+)*[eE][-+]?\d+|\.\d+(?:_\d+)*(?:[eE][-+]\d+)?|[-+]?\d+(?:_\d+)*(?::[0-5]?\d)+\.[\d_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

function sexagesimal(text: string): number {
  return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

function magnitude(text: string): number {
  if (text.includes(':')) return sexagesimal(text);
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  if (text.endsWith('inf')) return Infinity;
  return text.endsWith('nan') ? NaN : Number(text);
}

function toNumber(text: string): number {
  const plain = text.toLowerCase().replaceAll('_', '');
  return plain.startsWith('-') ? -magnitude(plain.slice(1)) : magnitude(plain.replace(/^\+/, ''));
}

// Floats are written with a point, since PyYAML reads `1e-8` as text.
function writeNumber(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return String(value).replace(/^(-?\d+)e/, '$1.0e');
}

const scalar = (tag: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: `tag:yaml.org,2002:${tag}`,
  default: true,
  test,
  resolve,
});

const numberTag = (tag: string, test: RegExp, mine: (value: number) => boolean): ScalarTag => ({
  ...scalar(tag, test, toNumber),
  identify: (value) => typeof value === 'number' && mine(value),
  stringify: ({ value }) => writeNumber(value as number),
});

const TAGS: ScalarTag[] = [
  {
    ...scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
    identify: (value) => value === null,
    stringify: () => 'null',
  },
  {
    ...scalar('bool', BOOL, (text) => /^(?:yes|true|on)$/i.test(text)),
    identify: (value) => typeof value === 'boolean',
    stringify: ({ value }) => String(value),
  },
  numberTag('float', FLOAT, (value) => !Number.isInteger(value)),
  numberTag('int', INT, Number.isInteger),
];

/** What a YAML text holds, and the line (from 1) on which each dotted path stands. */
export interface ParsedYaml {
  readonly value: Tree;
  readonly lines: ReadonlyMap<string, number>;
}

/**
 * Parses config YAML; an empty text is an empty map.
 * @param name how messages call the file.
 * @throws {SpatterError} CONFIG_FILE when the YAML is malformed.
 */
export function parseYaml(text: string, name: string): ParsedYaml {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    schema: 'failsafe',
    customTags: (tags) => [...tags, ...TAGS],
    merge: true,
    lineCounter: counter,
    prettyErrors: false,
  });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const { line } = counter.linePos(problem.pos[0]);
    throw new SpatterError(
      'CONFIG_FILE',
      `${name}:${line}: not valid YAML: ${problem.message}`,
      'correct the file',
    );
  }
  const lines = new Map<string, number>();
  if (isNode(document.contents)) collectLines(document.contents, '', lines, counter);
  const value = document.contents === null ? {} : (document.toJS() as Tree);
  return { value: value ?? {}, lines };
}

function collectLines(node: Node, path: string, lines: Map<string, number>, counter: LineCounter): void {
  if (node.range) lines.set(path, counter.linePos(node.range[0]).line);
  if (isSeq(node))
    node.items.forEach((item, i) => isNode(item) && collectLines(item, joinPath(path, i), lines, counter));
  if (!isMap(node)) return;
  for (const { key, value } of node.items) {
    const here = joinPath(path, isScalar(key) ? String(key.value) : String(key));
    if (isNode(value)) collectLines(value, here, lines, counter);
    if (isNode(key) && key.range) lines.set(here, counter.linePos(key.range[0]).line);
  }
}

// Texts that some YAML version reads as a boolean, a number, a date or a merge key; they are written in quotes.
const AMBIGUOUS = scalar('ambiguous', /^(?:[yYnN]|<<|=|[-+]?[\d.].*)$/s, (text) => text);

/** Writes a tree as YAML that versions 1.1 and 1.2 read alike; keys keep their order. */
export function formatYaml(value: Tree): string {
  return stringify(value, {
    schema: 'failsafe',
    customTags: (tags) => [...tags, ...TAGS],
    compat: [AMBIGUOUS],
    lineWidth: 0,
    aliasDuplicateObjects: false,
    flowCollectionPadding: false,
  });
}
