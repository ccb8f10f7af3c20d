// The short way of a lone small JPEG beside the way through the threads: when it is taken, what it answers, when it gives up.
import sharp from 'sharp';
import { expect, it, onTestFinished, vi } from 'vitest';
import { encodeJpegSync } from '../store/jpeg.ts';
import { Deadline } from './deadline.ts';
import { Engine } from './engine.ts';
import { Inference } from './inference.ts';
import { stay } from './short-way.ts';
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

it('judges a few small JPEGs of one turn together on its own thread, and hands a crowd and anything larger to others', async () => {
  const here = vi.spyOn(Inference.prototype, 'classify');
  onTestFinished(() => here.mockRestore());
  const engine = await started();
  const sizes = async (work: () => Promise<unknown>) => {
    here.mockClear();
    await work();
    return here.mock.calls.map(([images]) => images.length);
  };
  const atOnce = (count: number) => () =>
    Promise.all(Array.from({ length: count }, (_, i) => engine.classify([testJpeg(i)])));
  expect(await sizes(atOnce(1))).toEqual([1]);
  // The first does not wait where none had company before; from then on they wait for those of the same turn.
  expect(await sizes(atOnce(4))).toEqual([1, 3]);
  expect(await sizes(atOnce(4))).toEqual([4]);
  expect(await sizes(atOnce(5))).toEqual([]);
  expect(await sizes(atOnce(1))).toEqual([1]);
  expect(await sizes(atOnce(2))).toEqual([1, 1]);
  const large = encodeJpegSync(new Uint8Array(200 * 200 * 3), 200, 200);
  expect(await sizes(() => engine.classify([large]))).toEqual([]);
  const png = await sharp(testJpeg()).png().toBuffer();
  expect(await sizes(() => engine.classify([png]))).toEqual([]);
  expect(await sizes(() => engine.classify([testJpeg(), testJpeg()]))).toEqual([]);
});

it('gives a crowd the answers that each gets alone, whichever way it takes', async () => {
  const engine = await started();
  const jpegs = Array.from({ length: 9 }, (_, i) => testJpeg(i));
  const alone: unknown[] = [];
  for (const jpeg of jpegs) alone.push(...(await engine.classify([jpeg])));
  for (const count of [2, 4, 5, 9]) {
    const together = await Promise.all(jpegs.slice(0, count).map((jpeg) => engine.classify([jpeg])));
    expect(together.flat()).toEqual(alone.slice(0, count));
  }
});

it('keeps the event loop only as long as a hand-over would cost', () => {
  expect([1, 4, 5].map((count) => stay(count, 0.05))).toEqual([true, true, false]);
  expect([1, 2, 3].map((count) => stay(count, 0.5))).toEqual([true, true, false]);
  expect(stay(1, 2)).toBe(false);
});

it('gives up an answer on the short way when its time is over, and closes only after the network is done', async () => {
  const engine = await started();
  let finish: (() => void) | undefined;
  const never = vi
    .spyOn(Inference.prototype, 'classify')
    .mockReturnValue(new Promise((resolve) => (finish = () => resolve([]))));
  onTestFinished(() => never.mockRestore());
  const deadline = new Deadline(60_000, () => new Error('never'));
  const answer = engine.classify([testJpeg()], deadline);
  await vi.waitFor(() => expect(never).toHaveBeenCalled());
  deadline.pass(new Error('too late'));
  await expect(answer).rejects.toThrow('too late');
  let closed = false;
  const closing = engine.close().then(() => (closed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(false);
  finish!();
  await closing;
});

it('refuses at once what nobody waits for any more, on either way', async () => {
  const engine = await started();
  const deadline = new Deadline(60_000, () => new Error('never'));
  deadline.pass(new Error('too late'));
  const judged = vi.spyOn(Inference.prototype, 'classify');
  onTestFinished(() => judged.mockRestore());
  await expect(engine.classify([testJpeg()], deadline)).rejects.toThrow('too late');
  await expect(engine.classify([testJpeg(), testJpeg()], deadline)).rejects.toThrow('too late');
  expect(judged).not.toHaveBeenCalled();
  expect(engine.queued).toBe(0);
});
