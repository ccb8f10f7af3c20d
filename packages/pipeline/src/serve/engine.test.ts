// The short way of a lone small JPEG beside the way through the threads: when it is taken, what it answers, when it gives up.
import { expect, it, onTestFinished, vi } from 'vitest';
import { encodeJpegSync } from '../store/jpeg.ts';
import { Engine } from './engine.ts';
import { Inference } from './inference.ts';
import { testJpeg, testOptions } from './testing/service.ts';

async function started(): Promise<Engine> {
  const { options } = await testOptions();
  const { model } = options.read();
  const engine = await Engine.start(model, options.engine);
  onTestFinished(() => engine.close());
  return engine;
}

it('answers the same by the short way and through a thread', async () => {
  const here = vi.spyOn(Inference.prototype, 'classify');
  onTestFinished(() => here.mockRestore());
  const engine = await started();
  for (let i = 0; i < 4; i++) {
    here.mockClear();
    const alone = await engine.classify([testJpeg(i)]);
    expect(here).toHaveBeenCalledTimes(1);
    const two = await engine.classify([testJpeg(i), testJpeg(i)]);
    expect(here).toHaveBeenCalledTimes(1);
    expect(two).toEqual([...alone, ...alone]);
  }
});

it('takes the short way only for a small JPEG, with nothing before it and no crowd of late', async () => {
  const here = vi.spyOn(Inference.prototype, 'classify');
  onTestFinished(() => here.mockRestore());
  const engine = await started();
  const large = encodeJpegSync(new Uint8Array(200 * 200 * 3), 200, 200);
  here.mockClear();
  await engine.classify([large]);
  expect(here).not.toHaveBeenCalled();
  await Promise.all([engine.classify([testJpeg()]), engine.classify([testJpeg()])]);
  expect(here).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 31; i++) await engine.classify([testJpeg()]);
  expect(here).toHaveBeenCalledTimes(1);
  await engine.classify([testJpeg()]);
  expect(here).toHaveBeenCalledTimes(2);
});

it('gives up an answer on the short way when its time is over, and closes only after the network is done', async () => {
  const engine = await started();
  let finish: (() => void) | undefined;
  const never = vi
    .spyOn(Inference.prototype, 'classify')
    .mockReturnValue(new Promise((resolve) => (finish = () => resolve([]))));
  onTestFinished(() => never.mockRestore());
  const abort = new AbortController();
  const answer = engine.classify([testJpeg()], abort.signal);
  abort.abort(new Error('too late'));
  await expect(answer).rejects.toThrow('too late');
  let closed = false;
  const closing = engine.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  finish!();
  await closing;
});
