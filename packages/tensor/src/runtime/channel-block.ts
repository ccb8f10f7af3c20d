// How many channels ONNX Runtime's own CPU convolution kernels take at a time: 8 or 16, by the processor's vectors.
import { Emitter } from '../onnx/emitter.ts';
import { openSession } from './session.ts';

const LARGEST = 16;
const SHAPE = [1, LARGEST, 1, 2] as const;

let probing: Promise<number | undefined> | undefined;

/**
 * Channels per block of the `com.microsoft.nchwc` operators on this machine; `undefined` when this build of ONNX Runtime
 * does not have them. Found out once per process, by looking at where the operator puts the channels of a small image.
 */
export function channelBlock(): Promise<number | undefined> {
  return (probing ??= probe().catch(() => undefined));
}

async function probe(): Promise<number | undefined> {
  const emitter = new Emitter();
  emitter.rename(emitter.emit('com.microsoft.nchwc:ReorderInput', ['x']), 'y');
  const port = (name: string) => ({ name, dtype: 'float32', shape: SHAPE }) as const;
  const session = await openSession(emitter.model('probe', [port('x')], [port('y')]), {
    device: 'cpu',
    threads: 1,
  });
  // Pixel c·2 + p of the image is channel c, pixel p: the second pixel of channel 0 comes after the first block.
  const data = Float32Array.from({ length: 2 * LARGEST }, (_, i) => i);
  const result = await session.run(new Map([['x', { dtype: 'float32', shape: SHAPE, data }]]));
  await session.dispose();
  const block = [...(result.get('y')!.data as Float32Array)].indexOf(1);
  return block === 8 || block === LARGEST ? block : undefined;
}
