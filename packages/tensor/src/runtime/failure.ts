// What ONNX Runtime says when it fails, as one line without its source files; what it means for a device, where that is known.
import { TensorError } from '../error.ts';
import type { Device } from './devices.ts';

/** Known ways in which a device cannot start: a pattern of the runtime's words, and ours. */
const NO_START: readonly (readonly [RegExp, string])[] = [
  [/WebGPU adapter|No supported adapters/i, 'no GPU with a driver that ONNX Runtime can use was found'],
  [/libcudnn|cudnn\S*\.dll/i, 'cuDNN 9 was not found'],
  [/libcu(blas|dart|fft|rand)|cu(blas|dart)\S*\.dll/i, 'libraries of CUDA were not found'],
  [/no CUDA-capable device|CUDA driver version|CUDA failure 100\b/i, 'no NVIDIA GPU with a driver was found'],
  [
    /AppendExecutionProvider_Cuda: Failed to load shared library/,
    'ONNX Runtime’s CUDA library, or one that it needs, could not be loaded; the line above names it',
  ],
];

/** The first line of `text` without the source file, signature and condition that ONNX Runtime puts before its reasons. */
export function reasonOf(text: string): string {
  return text
    .trim()
    .split('\n')[0]!
    .replace(/\/\S+\.(?:cc|h):\d+ .*? was false\. /, '')
    .replace(/\/\S+\.(?:cc|h):\d+ .*\) (?=\S)/, '');
}

/** The error for a failure of ONNX Runtime while `doing` something on `device`, whose `hint` says what a user can do. */
export function runtimeFailure(
  error: unknown,
  doing: string,
  { device, hint }: { readonly device: Device; readonly hint: string },
): TensorError {
  const text = error instanceof Error ? error.message : String(error);
  const known = device === 'cpu' ? undefined : NO_START.find(([pattern]) => pattern.test(text));
  if (known !== undefined)
    return new TensorError('DEVICE', `device "${device}" cannot start: ${known[1]}`, hint, { cause: error });
  const message = `ONNX Runtime failed to ${doing}: ${reasonOf(text)}`;
  return new TensorError('RUNTIME', message, 'try device=cpu, and report it', { cause: error });
}
