// A depthwise convolution of small images, computed as one matrix product per channel.
import { float32, sizeOf } from '../ir/host.ts';
import { batchMatmul, constant, matmul, reshape, transpose } from '../ir/ops.ts';
import type { Node, Tensor } from '../ir/primitives.ts';
import type { Rewritten } from './rewritten.ts';

/** Entries of one channel's matrix, pixels of the image times pixels of the result; direct convolution is quicker beyond. */
const LARGEST_MATRIX = 128 * 128;
/** Beyond this the matrices would take more memory than they are worth trying. */
const LARGEST_TRIED = 256 * 256;

type Four = readonly [number, number, number, number];

/**
 * conv(x, w) → x · T(w) for every channel, where entry (p, q) of T is the weight through which pixel p reaches pixel q.
 * ONNX Runtime has quick kernels for the products and for their gradients, but none for depthwise gradients. T is w
 * times a constant of zeros and ones, so that both gradients come for free.
 */
export function depthwiseConvolution(tensor: Tensor): Rewritten | undefined {
  if (tensor.op !== 'conv2d') return undefined;
  const [x, weight] = tensor.inputs;
  const [n, c, ...image] = x.shape as Four;
  const [from, to] = [sizeOf(image), sizeOf(tensor.shape.slice(2))];
  const isDepthwise = tensor.params.groups === c && weight.shape[0] === c;
  if (!isDepthwise || c === 1 || from * to > LARGEST_TRIED) return undefined;
  const rows = transpose(reshape(x, [n, c, from]), [1, 0, 2]);
  const taps = reshape(weight, [c, sizeOf(weight.shape) / c]);
  const product = batchMatmul(rows, reshape(matmul(taps, placement(tensor)), [c, from, to]));
  const better = reshape(transpose(product, [1, 0, 2]), tensor.shape);
  return { better, pays: from * to <= LARGEST_MATRIX };
}

/** [KH·KW, P·Q]: which weight, if any, carries each pixel of the image to each pixel of the result. */
function placement({ inputs: [x, weight], params, shape }: Node<'conv2d'>): Tensor {
  const [, , height, width] = x.shape as Four;
  const [, , rows, columns] = shape as Four;
  const [, , kh, kw] = weight.shape as Four;
  const { stride, padding, dilation } = params;
  const [from, to] = [height * width, rows * columns];
  const data = new Float32Array(kh * kw * from * to);
  for (let tap = 0; tap < kh * kw; tap++)
    for (let q = 0; q < to; q++) {
      const y = Math.floor(q / columns) * stride[0] + Math.floor(tap / kw) * dilation[0] - padding[0];
      const z = (q % columns) * stride[1] + (tap % kw) * dilation[1] - padding[1];
      const isInside = y >= 0 && y < height && z >= 0 && z < width;
      if (isInside) data[(tap * from + y * width + z) * to + q] = 1;
    }
  return constant(float32([kh * kw, from * to], data));
}
