// The ring between the decoding thread and its consumer: nobody waits for a word that does not come.
import { expect, it, vi } from 'vitest';
import { FrameRing } from './frame-ring.ts';

/** A producer that tells its consumer of frames where the ring says so. */
function pair() {
  const ring = FrameRing.create(4, 64, 1);
  let tell = (): void => undefined;
  const produce = () => {
    if (ring.announce()) tell();
  };
  const until = async (isThere: () => boolean) => {
    while (!isThere()) await new Promise<void>((resolve) => (tell = resolve));
  };
  return { ring, produce, until };
}

it('the consumer is told of the frame that it waits for', async () => {
  const { ring, produce, until } = pair();
  const waiting = ring.waitForMore(0, until);
  produce();
  await waiting;
  expect(ring.ready).toBe(1);
});

it('also when it took the frame before between its filling and the word of it', async () => {
  const { ring, produce, until } = pair();
  let waiting: Promise<void> | undefined;
  const { exchange } = Atomics;
  const spy = vi.spyOn(Atomics, 'exchange').mockImplementationOnce((...args: Parameters<typeof exchange>) => {
    waiting = ring.waitForMore(1, until);
    return exchange(...args);
  });
  produce();
  spy.mockRestore();
  expect(waiting).toBeDefined();
  await Promise.resolve();
  produce();
  await waiting;
  expect(ring.ready).toBe(2);
});
