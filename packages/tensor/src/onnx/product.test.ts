// Tests that numbers go into products in training, in both directions of GELU; their values are in the suite of all primitives.
import { describe, expect, it } from 'vitest';
import { grad } from '../grad/grad.ts';
import { float32 } from '../ir/host.ts';
import * as ir from '../ir/ops.ts';
import type { Tensor } from '../ir/primitives.ts';
import { interpret } from '../interpret/interpret.ts';
import { lower } from './lower.ts';
import type { Precision } from './half.ts';

function multiplications(outputs: Record<string, Tensor>, precision?: Precision): number {
  const file = Buffer.from(lower({ outputs, target: 'cpu', precision })).toString('latin1');
  return file.split('"\u0003Mul').length - 1;
}

const [x, w, v] = [ir.input('x', [3, 4]), ir.input('w', [4, 8]), ir.input('v', [8, 2])];

describe('numbers beside products', () => {
  it('become part of them, but not in half precision', () => {
    const y = ir.mul(ir.matmul(ir.mul(x, 0.5), w), 3);
    expect(multiplications({ y })).toBe(0);
    expect(multiplications({ y }, 'fp16')).toBe(2);
  });

  it('stay where something else reads what they multiply', () => {
    const product = ir.matmul(x, w);
    expect(multiplications({ y: ir.mul(product, 3), product })).toBe(1);
  });

  it('leave GELU for training with one multiplication, and its gradient with four', () => {
    const bias = ir.input('bias', [8]);
    const hidden = ir.geluOfScaled(ir.add(ir.matmul(x, w), bias));
    const loss = ir.reduceSum(ir.exp(ir.matmul(hidden, v)));
    // The bias times √½ is one more; below, so are the square and the gradient of exp.
    expect(multiplications({ loss })).toBe(2);
    const [dx, dw, dv] = grad(loss, [x, w, v]);
    expect(multiplications({ loss, dx: dx!, dw: dw!, dv: dv! })).toBe(7);
  });
});

describe('GELU for training', () => {
  it('is GELU, and so is its gradient', () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => (i - 6) * 0.9);
    const [usual, scaled] = [ir.gelu, ir.geluOfScaled].map((form) => {
      const y = form(x);
      const gradients = grad(ir.reduceSum(ir.mul(y, y)), [x]);
      return interpret([y, ...gradients], new Map([['x', float32([3, 4], values)]]));
    });
    for (const [i, tensor] of usual!.entries())
      tensor.values.forEach((value, k) => expect(scaled![i]!.values[k]).toBeCloseTo(value, 5));
  });
});
