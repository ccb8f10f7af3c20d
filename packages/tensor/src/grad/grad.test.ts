// Tests of the gradient table: every primitive against central finite differences on the float64 interpreter.
import { describe, expect, it } from 'vitest';
import { float32, sizeOf, type HostTensor } from '../ir/host.ts';
import { abs, cast, constant, input, matmul, mul, reduceSum, relu, stopGradient } from '../ir/ops.ts';
import type { PrimitiveName, Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { uniformStream } from '../nn/random.ts';
import { CASES, instantiate } from '../testing/cases.ts';
import { grad } from './grad.ts';
import { GRADIENTS } from './rules.ts';

type Feeds = Map<string, HostTensor>;

/** A scalar that weighs every element of `y` differently. */
function weighted(y: Tensor): Tensor {
  const next = uniformStream(9, 'weights');
  const weights = Float32Array.from({ length: sizeOf(y.shape) }, () => next() + 0.5);
  return reduceSum(mul(cast(y, 'float32'), constant(float32(y.shape, weights))));
}

const NUDGE = 2 ** -16;

function slope(loss: Tensor, feeds: Feeds, name: string, index: number): number {
  const { shape, data } = feeds.get(name)!;
  const at = (shift: number) => {
    // Float64 values in place of float32: a nudge must not be rounded away.
    const moved = Float64Array.from(data as Float32Array);
    moved[index]! += shift;
    const tensor = { dtype: 'float32', shape, data: moved as unknown as Float32Array } as const;
    return interpret([loss], new Map([...feeds, [name, tensor]]))[0]!.values[0]!;
  };
  return (at(NUDGE) - at(-NUDGE)) / (2 * NUDGE);
}

const names = Object.keys(CASES) as PrimitiveName[];
const smooth = names.filter((name) => name !== 'stopGradient' && !('missing' in GRADIENTS[name]));

describe.each(smooth)('gradient of %s', (name) => {
  const examples = CASES[name].filter(({ values }) => values !== 'tied' || name === 'equal');
  it.each(examples.map((example, i) => [i, example] as const))('case %i', (_i, example) => {
    const { inputs, output, feeds } = instantiate(example);
    const loss = weighted(output);
    const gradients = interpret(grad(loss, inputs), feeds);
    for (const [i, { values }] of gradients.entries())
      for (const [k, value] of values.entries()) {
        const expected = name === 'equal' ? 0 : slope(loss, feeds, `in${i}`, k);
        expect(Math.abs(value - expected), `input ${i}, element ${k}`).toBeLessThan(
          1e-6 * (1 + Math.abs(expected)),
        );
      }
  });
});

it('the worked example of docs/guides/compiler.md', () => {
  const [x, w] = [input('x', [1, 2]), input('w', [2, 1])];
  const y = matmul(x, w);
  const loss = reduceSum(mul(y, y));
  const [dw] = grad(loss, [w]);
  const feeds = new Map([
    ['x', float32([1, 2], Float32Array.of(1, 2))],
    ['w', float32([2, 1], Float32Array.of(3, 4))],
  ]);
  expect([...interpret([dw!], feeds)[0]!.values]).toEqual([22, 44]);
});

describe('where gradients end', () => {
  const x = input('x', [2]);
  const feeds: Feeds = new Map([['x', float32([2], Float32Array.of(-3, 2))]]);

  it('stopGradient lets nothing through', () => {
    const [dx] = interpret(grad(reduceSum(mul(stopGradient(abs(x)), x)), [x]), feeds);
    expect([...dx!.values]).toEqual([3, 2]);
  });

  it('is zero for what the loss does not use', () => {
    const [dz] = grad(reduceSum(x), [input('z', [3])]);
    expect([...interpret([dz!], feeds)[0]!.values]).toEqual([0, 0, 0]);
  });

  it('of a tensor used twice are added', () => {
    const [dx] = interpret(grad(reduceSum(mul(relu(x), x)), [x]), feeds);
    expect([...dx!.values]).toEqual([0, 4]);
  });

  it('refuses a loss that is no scalar, and second derivatives of max pooling', () => {
    expect(() => grad(x, [x])).toThrow(/must be a scalar/);
    const { inputs, output } = instantiate(CASES.maxPool2dGrad[0]!);
    expect(() => grad(weighted(output), inputs)).toThrow(/second derivatives of max pooling/);
  });
});
