// Lowerings of average pooling and of maxima over channel groups.
import { float32 } from '../ir/host.ts';
import type { Node } from '../ir/primitives.ts';
import type { Emitter } from './emitter.ts';
import type { LoweringContext } from './context.ts';
import { padTo } from './interleave.ts';
import { largest, tournament } from './tournament.ts';

export function avgPool2d(
  { emitter, value }: LoweringContext,
  { inputs: [x], params }: Node<'avgPool2d'>,
): string {
  return emitter.emit('AveragePool', [value(x)], { kernel_shape: params.window, strides: params.window });
}

export function avgPool2dGrad(
  { emitter, value }: LoweringContext,
  { inputs: [dy], params: { window, xShape } }: Node<'avgPool2dGrad'>,
): string {
  const share = emitter.emit('Mul', [value(dy), emitter.float(1 / (window[0] * window[1]))]);
  const scales = emitter.initializer(float32([4], Float32Array.of(1, 1, ...window)));
  const spread = emitter.emit('Resize', [share, '', scales], {
    mode: 'nearest',
    nearest_mode: 'floor',
    coordinate_transformation_mode: 'asymmetric',
  });
  const [, , rows, columns] = dy.shape as [number, number, number, number];
  return padTo(emitter, spread, [rows * window[0], columns * window[1]], xShape);
}

function splitGroups(emitter: Emitter, x: string, groups: number): string[] {
  return emitter.emitMany('Split', [x], groups, { axis: 1 });
}

export function maxGroups(
  { emitter, value }: LoweringContext,
  { inputs: [x], params: { groups } }: Node<'maxGroups'>,
): string {
  return largest(emitter, splitGroups(emitter, value(x), groups));
}

export function maxGroupsGrad(
  { emitter, value }: LoweringContext,
  { inputs: [x, , dy], params: { groups } }: Node<'maxGroupsGrad'>,
): string {
  const parts = tournament(emitter, splitGroups(emitter, value(x), groups), value(dy));
  return emitter.emit('Concat', parts, { axis: 1 });
}
