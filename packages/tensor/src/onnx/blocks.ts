// Images whose channels lie in blocks as wide as the processor's vectors, as ONNX Runtime's own CPU kernels want them.
import { float32, sizeOf, type Shape } from '../ir/host.ts';
import type { Attribute, Emitter } from './emitter.ts';

/**
 * `com.microsoft.nchwc` is a domain of ONNX Runtime's own, which its optimiser uses for convolutions with constant
 * weights; weights that train are never constant, so these operators are written here by hand. Images are
 * [N, C / B, H, W, B], kernels [O / B, I / B, KH, KW, Bi, Bo], both declared under their plain shapes.
 */
export const nchwc = (
  emitter: Emitter,
  opType: string,
  inputs: readonly string[],
  attributes: Record<string, Attribute> = {},
): string => emitter.emit(`com.microsoft.nchwc:${opType}`, inputs, attributes);

/** A plain image in blocks. */
export const toBlocks = (emitter: Emitter, image: string): string => nchwc(emitter, 'ReorderInput', [image]);

/** The inverse of {@link toBlocks}. */
export const fromBlocks = (emitter: Emitter, image: string, channels: number): string =>
  nchwc(emitter, 'ReorderOutput', [image], { channels });

/** The kernel of one pixel that leaves every channel as it is. */
export const ones = (emitter: Emitter, channels: number): string =>
  emitter.initializer(float32([channels, 1, 1, 1], new Float32Array(channels).fill(1)), `ones ${channels}`);

/** Whether blocks are filled by each of `channels`. */
export const fits = (block: number, ...channels: readonly number[]): boolean =>
  channels.every((count) => count % block === 0);

/** Floats that are moved as one; below this a transposition is as quick as a gather. */
const SMALLEST_PIECE = 16;

/**
 * Reshape to `split`, transpose by `perm`, reshape to `shape`. Where whole pieces move, they are gathered by a constant
 * list: ONNX Runtime's `Gather` uses all threads, its `Transpose` one.
 */
export function rearranged(
  emitter: Emitter,
  x: string,
  split: Shape,
  perm: readonly number[],
  shape: Shape,
): string {
  let kept = split.length;
  while (kept > 0 && perm[kept - 1] === kept - 1) kept--;
  const piece = sizeOf(split.slice(kept));
  const parts = emitter.emit('Reshape', [x, emitter.ints(piece < SMALLEST_PIECE ? split : [-1, piece])]);
  const moved =
    piece < SMALLEST_PIECE
      ? emitter.emit('Transpose', [parts], { perm })
      : emitter.emit('Gather', [parts, order(emitter, split.slice(0, kept), perm.slice(0, kept))], {
          axis: 0,
        });
  return emitter.emit('Reshape', [moved, emitter.ints(shape)]);
}

/** Which piece stands where after a transposition of pieces. */
function order(emitter: Emitter, split: Shape, perm: readonly number[]): string {
  return emitter.indices(`order ${split.join('x')} ${perm.join()}`, () => {
    const strides = split.map((_, axis) => sizeOf(split.slice(axis + 1)));
    let pieces = Int32Array.of(0);
    for (const axis of perm) {
      const next = new Int32Array(pieces.length * split[axis]!);
      for (const [i, at] of pieces.entries())
        for (let k = 0; k < split[axis]!; k++) next[i * split[axis]! + k] = at + k * strides[axis]!;
      pieces = next;
    }
    return pieces;
  });
}
