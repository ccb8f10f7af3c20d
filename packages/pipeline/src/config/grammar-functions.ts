// Functions of the override grammar: the casts `int() float() str() bool()`; sweeps are named so that their error can say so.
import { GrammarError } from './grammar-tokens.ts';
import { isMap, setChild, type Tree, type TreeMap } from './tree.ts';

/** A call as parsed: positional and named arguments. */
export interface Call {
  readonly name: string;
  readonly args: Tree[];
  readonly named: TreeMap;
}

type Scalar = string | number | boolean;

const CASTS: Record<string, (value: Scalar) => Scalar | undefined> = {
  int: (value) =>
    typeof value === 'string' ? fromText(value, /^[+-]?\d+(?:_\d+)*$/) : Math.trunc(Number(value)),
  float: (value) =>
    typeof value === 'string' ? fromText(value, /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i) : Number(value),
  str: (value) => String(value),
  bool: (value) => (typeof value === 'string' ? truth(value.toLowerCase()) : Boolean(value)),
};
const SWEEPS: ReadonlySet<string> = new Set([
  'choice',
  'range',
  'interval',
  'glob',
  'sort',
  'shuffle',
  'tag',
]);

function fromText(text: string, form: RegExp): number | undefined {
  const bare = text.trim();
  return form.test(bare) ? Number(bare.replaceAll('_', '')) : undefined;
}

function truth(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/**
 * Value of a call that stands at character `at`.
 * @throws {GrammarError} for an unknown function, a sweep, or a value that cannot be cast.
 */
export function evaluateCall(call: Call, at: number): Tree {
  if (SWEEPS.has(call.name))
    throw new GrammarError(
      `${call.name}() is a sweep, which needs --multirun; one run needs one value (quote it for a text)`,
      at,
    );
  const cast = Object.hasOwn(CASTS, call.name) ? CASTS[call.name] : undefined;
  if (cast === undefined)
    throw new GrammarError(`no function ${call.name}(); there are ${Object.keys(CASTS).join(', ')}`, at);
  const values = [...call.args, ...Object.values(call.named)];
  const known = Object.keys(call.named).every((name) => name === 'value');
  if (values.length !== 1 || !known) throw new GrammarError(`${call.name}() takes one value`, at);
  return castDeep(values[0]!, cast, call.name, at);
}

function castDeep(value: Tree, cast: (value: Scalar) => Scalar | undefined, name: string, at: number): Tree {
  if (Array.isArray(value)) return value.map((item) => castDeep(item, cast, name, at));
  if (isMap(value)) {
    const result: TreeMap = {};
    for (const [key, item] of Object.entries(value)) setChild(result, key, castDeep(item, cast, name, at));
    return result;
  }
  const result = value === null ? undefined : cast(value);
  if (result === undefined || (name === 'int' && !Number.isFinite(result)))
    throw new GrammarError(`${name}() cannot take ${JSON.stringify(value)}`, at);
  return result;
}
