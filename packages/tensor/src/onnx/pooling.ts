// Lowerings of pooling and its gradients to standard operators, without indices (the WebGPU provider has none).
import { float32, type Shape } from '../ir/host.ts';
import type { Node, Pair } from '../ir/primitives.ts';
import type { Emitter } from './emitter.ts';
import type { LoweringContext } from './context.ts';

export function maxPool2d(
  { emitter, value }: LoweringContext,
  { inputs: [x], params }: Node<'maxPool2d'>,
): string {
  return emitter.emit('MaxPool', [value(x)], { kernel_shape: params.window, strides: params.window });
}

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

/** Pixel (row, column) of every window, for a window given row-major. */
function phases(emitter: Emitter, x: string, [h, w]: Pair, [, , rows, columns]: readonly number[]): string[] {
  return Array.from({ length: h * w }, (_, phase) => {
    const start = [Math.floor(phase / w), phase % w];
    const end = [start[0]! + (rows! - 1) * h + 1, start[1]! + (columns! - 1) * w + 1];
    return emitter.emit('Slice', [
      x,
      emitter.ints(start),
      emitter.ints(end),
      emitter.ints([2, 3]),
      emitter.ints([h, w]),
    ]);
  });
}

/** The inverse of {@link phases}: weaves them into one image and pads it with zeros to `xShape`. */
function assemble(
  emitter: Emitter,
  parts: readonly string[],
  [h, w]: Pair,
  [n, c, rows, columns]: readonly number[],
  xShape: readonly number[],
): string {
  const stacked = emitter.emit('Concat', parts, { axis: 1 });
  const split = emitter.emit('Reshape', [stacked, emitter.ints([n!, h, w, c!, rows!, columns!])]);
  const woven = emitter.emit('Transpose', [split], { perm: [0, 3, 4, 1, 5, 2] });
  const image = emitter.emit('Reshape', [woven, emitter.ints([n!, c!, rows! * h, columns! * w])]);
  return padTo(emitter, image, [rows! * h, columns! * w], xShape);
}

/** Zeros for the rows and columns beyond the last whole window. */
function padTo(emitter: Emitter, image: string, [height, width]: Pair, xShape: Shape): string {
  const [bottom, right] = [xShape[2]! - height, xShape[3]! - width];
  if (bottom === 0 && right === 0) return image;
  return emitter.emit('Pad', [image, emitter.ints([0, 0, 0, 0, 0, 0, bottom, right])]);
}

/** A tournament over the window's pixels: each round's pairs split their dy by who is first to be at least as large. */
function tournament(emitter: Emitter, players: readonly string[], dy: string): string[] {
  if (players.length === 1) return [dy];
  const half = Math.ceil(players.length / 2);
  const sides = [players.slice(0, half), players.slice(half)] as const;
  const [left, right] = sides.map((side) => largest(emitter, side)) as [string, string];
  const leftWins = emitter.emit('Cast', [emitter.emit('GreaterOrEqual', [left, right])], { to: 1 });
  const toLeft = emitter.emit('Mul', [dy, leftWins]);
  const toRight = emitter.emit('Sub', [dy, toLeft]);
  return [...tournament(emitter, sides[0], toLeft), ...tournament(emitter, sides[1], toRight)];
}

const largest = (emitter: Emitter, values: readonly string[]): string =>
  values.length === 1 ? values[0]! : emitter.emit('Max', values);

/** Splits dy among the window's pixels so that the first maximum gets it all: `Cast` and `Mul` are quicker than `Where`. */
export function maxPool2dGrad(
  { emitter, value }: LoweringContext,
  { inputs: [x, y, dy], params: { window } }: Node<'maxPool2dGrad'>,
): string {
  const parts = tournament(emitter, phases(emitter, value(x), window, y.shape), value(dy));
  return assemble(emitter, parts, window, y.shape, x.shape);
}

/** By the indices of a max pool, whose first maximum wins: one pass, but only the CPU provider has the operators. */
export function maxPool2dGradByUnpooling(
  { emitter, value }: LoweringContext,
  { inputs: [x, , dy], params: { window }, shape }: Node<'maxPool2dGrad'>,
): string {
  const geometry = { kernel_shape: window, strides: window };
  const [, indices] = emitter.emitMany('MaxPool', [value(x)], 2, geometry) as [string, string];
  return emitter.emit('MaxUnpool', [value(dy), indices, emitter.ints(shape)], geometry);
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
