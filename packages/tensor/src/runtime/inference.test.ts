// Tests of inference: however many images come at once, each is judged as if it came alone.
import { describe, expect, it } from 'vitest';
import { exportOnnx } from '../compile/forward.ts';
import { chain } from '../nn/layer.ts';
import { conv } from '../nn/convolution.ts';
import { flatten, linear, maxPool, reluLayer } from '../nn/layers.ts';
import { initialValues } from '../nn/parameters.ts';
import { uniformStream } from '../nn/random.ts';
import { openInference } from './inference.ts';

const PIXELS = 2 * 8 * 8;
const network = chain([conv(2, 4, 3, { padding: 1 }), maxPool(2), reluLayer(), flatten(), linear(64, 3)]);
const model = { name: 'tiny', ...network };
const onnx = exportOnnx({
  model,
  state: initialValues(model.parameters, 1),
  inputShape: [2, 8, 8],
  output: 'probability',
});
const next = uniformStream(2, 'images');
const images = Float32Array.from({ length: 300 * PIXELS }, () => next());

describe('inference', () => {
  it.each([1, 2, undefined])(
    'gives many images what it gives each alone, with %s threads',
    async (threads) => {
      const inference = await openInference(onnx, { threads });
      const all = await inference.run(images, [300, 2, 8, 8]);
      expect([all.logits.length, all.probability.length]).toEqual([900, 900]);
      for (const i of [0, 127, 128, 299]) {
        const alone = await inference.run(images.subarray(i * PIXELS, (i + 1) * PIXELS), [1, 2, 8, 8]);
        for (const port of ['logits', 'probability'] as const)
          alone[port].forEach((value, k) => {
            expect(Math.abs(all[port][i * 3 + k]! - value)).toBeLessThan(1e-6);
          });
      }
      await inference.dispose();
    },
  );

  it('refuses what is no network, and images of another size', async () => {
    await expect(openInference(Uint8Array.of(1, 2, 3))).rejects.toThrow(
      /ONNX Runtime failed to load the graph/,
    );
    const inference = await openInference(onnx);
    await expect(inference.run(images.subarray(0, 100), [1, 2, 5, 10])).rejects.toThrow(/failed to run/);
    await inference.dispose();
  });
});
