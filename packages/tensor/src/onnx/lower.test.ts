// Tests of the lowering table: every primitive on ONNX Runtime against the float64 interpreter.
import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../ir/host.ts';
import { input, relu } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { openSession } from '../runtime/session.ts';
import { CASES, instantiate } from '../testing/cases.ts';
import { lower } from './lower.ts';

async function onRuntime(output: Tensor, feeds: Map<string, HostTensor>, target: 'any' | 'cpu') {
  const session = await openSession(lower({ outputs: { output }, target }), { device: 'cpu', threads: 1 });
  const result = (await session.run(feeds)).get('output')!;
  await session.dispose();
  return result;
}

const targets = ['any', 'cpu'] as const;
const examples = (Object.keys(CASES) as PrimitiveName[]).flatMap((name) =>
  CASES[name].flatMap((example, i) => targets.map((target) => [name, i, target, example] as const)),
);

describe('lowering', () => {
  it.each(examples)('%s, case %i, for %s', async (_name, _i, target, example) => {
    const { output, feeds } = instantiate(example);
    const [expected] = interpret([output], feeds);
    const actual = await onRuntime(output, feeds, target);
    expect(actual.shape).toEqual(output.shape);
    expect(actual.dtype).toBe(output.dtype);
    const scale = Math.max(...expected!.values.map(Math.abs));
    for (const [i, value] of expected!.values.entries())
      expect(Math.abs(Number(actual.data[i]) - value), `element ${i}`).toBeLessThanOrEqual(2e-6 * scale);
  });

  it('gives the same bytes for the same graph', () => {
    const bytes = () => Buffer.from(lower({ outputs: { y: instantiate(CASES.conv2d[1]!).output } }));
    expect(bytes().equals(bytes())).toBe(true);
  });

  it('can give an input and the batch axis to the file', () => {
    const x = input('x', [2, 3]);
    const file = lower({ outputs: { y: relu(x) }, dynamic: { axis: 'batch', inputs: ['x'] } });
    expect(Buffer.from(file).toString('latin1')).toContain('batch');
  });
});
