// Times of frames: by stamps, by the rate where they agree with it or are missing.
import { describe, expect, it } from 'vitest';
import { FrameClock } from './frame-clock.ts';

const times = (clock: FrameClock, stamps: readonly (number | null)[]) =>
  stamps.map((stamp, i) => clock.at(i, stamp));

describe('FrameClock', () => {
  it('gives exactly index over rate where stamps are rounded to ticks', () => {
    const stamps = Array.from({ length: 300 }, (_, i) => Math.round((1000 * i) / 30));
    expect(times(new FrameClock(30, 0.001, 0), stamps)).toEqual(stamps.map((_, i) => i / 30));
    const cut = Array.from({ length: 300 }, (_, i) => 67 + Math.floor((1000 * i) / 30));
    expect(times(new FrameClock(30, 0.001, 67), cut)).toEqual(cut.map((_, i) => i / 30));
  });

  it('believes stamps that say otherwise, be it by one tick as long as a frame', () => {
    expect(times(new FrameClock(25, 1 / 25, 0), [0, 1, 3, 4])).toEqual([0, 1 / 25, 3 / 25, 4 / 25]);
    expect(times(new FrameClock(25, 1 / 1000), [500, 540, 700])).toEqual([0, 0.04, 0.2]);
  });

  it('counts on where a frame has no stamp', () => {
    const clock = new FrameClock(10, 0.001, 0);
    const found = times(clock, [0, 100, 500, null, null, 800]);
    [0, 0.1, 0.5, 0.6, 0.7, 0.8].forEach((time, i) => expect(found[i]).toBeCloseTo(time, 9));
  });

  it('counts by the rate alone where the first frame has no stamp', () => {
    expect(times(new FrameClock(25, 1 / 25, 0), [null, 2, null])).toEqual([0, 1 / 25, 2 / 25]);
  });

  it('knows nothing without stamps and rate, and needs no rate with stamps', () => {
    expect(times(new FrameClock(0, 0.001, 0), [null, null])).toEqual([null, null]);
    expect(times(new FrameClock(0, 0.5, 0), [0, 1, null])).toEqual([0, 0.5, 0.5]);
  });
});
