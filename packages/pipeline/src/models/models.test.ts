// Tests of the model catalogue: parity with PyTorch over 20 steps, gray images taken as repeated, export against the forward pass.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { compileForward, exportOnnx, loadSafetensors } from '@spatter/tensor';
import { describe, expect, it } from 'vitest';
import { MODELS } from './catalogue.ts';
import { CASES, differences, hashedImages, hashedParameters, trainCase } from './testing/parity.ts';

const path = join(import.meta.dirname, 'fixtures/torch-steps.safetensors');
const fixture = loadSafetensors(readFileSync(path), path);

describe('20 steps equal PyTorch', () => {
  it.each(Object.entries(CASES))('%s', async (name, parity) => {
    const channels = name.includes('gray') ? 1 : parity.in_channels;
    const gaps = differences(name, await trainCase(parity, channels, 'cpu'), fixture.tensors);
    for (const [key, gap] of gaps) expect(gap, key).toBeLessThan(1e-4);
  });

  it('records the version of PyTorch', () => {
    expect(fixture.metadata['torch']).toMatch(/^\d+\.\d+/);
  });
});

describe.each(Object.entries(MODELS))('%s', (_name, create) => {
  const model = create({ in_channels: 3, num_classes: 1 });
  const state = hashedParameters(model);

  it('takes a gray image as that image repeated', async () => {
    const logits = await Promise.all(
      [1, 3].map((channels) =>
        compileForward({ model, inputShape: [channels, 32, 32], device: 'cpu' }).run(
          state,
          hashedImages(0, channels, 5),
          5,
        ),
      ),
    );
    expect([...logits[0]!].map((v, i) => Math.abs(v - logits[1]![i]!) < 1e-5)).toEqual(Array(5).fill(true));
  });

  it('exports what it computes, for any batch size', async () => {
    const inputShape = [1, 32, 32] as const;
    const forward = compileForward({ model, inputShape, device: 'cpu' });
    const file = exportOnnx({ model, state, inputShape, output: 'probability', metadata: { made: 'here' } });
    const session = await InferenceSession.create(file);
    expect(session.outputNames).toEqual(['probability', 'logits']);
    for (const size of [1, 7]) {
      const x = hashedImages(size, 1, size);
      const logits = await forward.run(state, x, size);
      const outputs = await session.run({ input: new Tensor('float32', x, [size, 1, 32, 32]) });
      expect(outputs['logits']!.dims).toEqual([size, 1]);
      logits.forEach((logit, i) => {
        expect(Number(outputs['logits']!.data[i])).toBeCloseTo(logit, 5);
        expect(Number(outputs['probability']!.data[i])).toBeCloseTo(1 / (1 + Math.exp(-logit)), 5);
      });
    }
  });
});
