// Tests of which sums of padded pieces become a concatenation; their values are in the suite of all primitives.
import { describe, expect, it } from 'vitest';
import { grad } from '../grad/grad.ts';
import * as ir from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { lower } from './lower.ts';

function operators(output: Tensor): { readonly pads: number; readonly concatenations: number } {
  const file = Buffer.from(lower({ outputs: { output } })).toString('latin1');
  const count = (operator: string) =>
    file.split(`"${String.fromCharCode(operator.length)}${operator}`).length - 1;
  return { pads: count('Pad'), concatenations: count('Concat') };
}

const [a, b] = [ir.input('a', [2, 3]), ir.input('b', [2, 2])];

describe('a sum of padded pieces', () => {
  it('is one concatenation when they fill an axis', () => {
    expect(operators(ir.concat(a, b, 1))).toEqual({ pads: 0, concatenations: 1 });
  });

  it('is one concatenation as the gradient of slices', () => {
    const x = ir.input('x', [4, 6, 5]);
    const [first, second, third] = [0, 2, 4].map((begin) => ir.slice(x, 1, begin, begin + 2));
    const loss = ir.reduceSum(ir.mul(ir.exp(first!), ir.mul(ir.tanh(second!), third!)));
    expect(operators(grad(loss, [x])[0]!)).toEqual({ pads: 0, concatenations: 1 });
  });

  it('stays a sum when they overlap, leave gaps, or are read by others too', () => {
    const [left, right] = [ir.pad(a, 1, 0, 2), ir.pad(a, 1, 2, 0)];
    expect(operators(ir.add(left, right))).toEqual({ pads: 2, concatenations: 0 });
    const [narrow, far] = [ir.pad(b, 1, 0, 3), ir.pad(b, 1, 3, 0)];
    expect(operators(ir.add(narrow, far))).toEqual({ pads: 2, concatenations: 0 });
    const inner = ir.add(ir.pad(b, 1, 0, 4), ir.pad(b, 1, 2, 2));
    const outer = ir.add(inner, ir.pad(b, 1, 4, 0));
    expect(operators(ir.mul(inner, outer))).toEqual({ pads: 3, concatenations: 0 });
  });
});
