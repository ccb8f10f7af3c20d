// Tracks: assignments against every permutation, and spatter whose flight is known.
import { expect, it } from 'vitest';
import { integer, randomStream } from '../util/random.ts';
import { assign } from './assignment.ts';
import { Tracker, type Detection } from './tracks.ts';

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  );
}

it('finds the cheapest assignment', () => {
  const random = randomStream(3);
  for (let round = 0; round < 60; round++) {
    const [rows, columns] = [1 + integer(random, 5), 5];
    const costs = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => integer(random, 50)),
    );
    const total = (choice: readonly (number | null)[]) =>
      choice.reduce<number>((sum, c, r) => sum + costs[r]![c!]!, 0);
    const best = Math.min(...permutations(columns).map((p) => total(p.slice(0, rows))));
    const found = assign(costs);
    expect(new Set(found).size).toBe(rows);
    expect(total(found)).toBe(best);
  }
  expect(
    assign([
      [Infinity, 3],
      [Infinity, 1],
    ]),
  ).toEqual([null, 1]);
  expect(assign([[], []])).toEqual([null, null]);
});

/** Flights with their first frame, life, start and velocity. */
const FLIGHTS = [
  { first: 0, life: 20, x: 50, y: 50, vx: 9, vy: -2 },
  { first: 3, life: 15, x: 60, y: 200, vx: 12, vy: -8 },
  // Crosses the second one's path.
  { first: 3, life: 15, x: 60, y: 90, vx: 11, vy: 2 },
  { first: 10, life: 25, x: 400, y: 300, vx: -6, vy: 0 },
] as const;

it('follows crossing flights with noise and missed frames, and measures speed and direction', () => {
  const random = randomStream(5);
  const noise = () => integer(random, 5) / 2 - 1;
  const tracker = new Tracker();
  const found = FLIGHTS.map(() => new Map<number, number>());
  for (let frame = 0; frame < 45; frame++) {
    const seen: (Detection & { flight: number })[] = [];
    for (const [flight, { first, life, x, y, vx, vy }] of FLIGHTS.entries()) {
      const t = frame - first;
      if (t < 0 || t >= life || (t > 4 && (t + flight) % 7 === 0)) continue;
      seen.push({ flight, x: x + vx * t + noise(), y: y + vy * t + noise() });
    }
    seen.reverse();
    const ids = tracker.next(frame, seen);
    seen.forEach(({ flight }, i) => found[flight]!.set(ids[i]!, (found[flight]!.get(ids[i]!) ?? 0) + 1));
  }
  const rows = tracker.rows(25);
  expect(rows).toHaveLength(FLIGHTS.length);
  for (const [flight, { first, vx, vy }] of FLIGHTS.entries()) {
    expect([...found[flight]!.keys()]).toHaveLength(1);
    const row = rows[[...found[flight]!.keys()][0]!]!;
    expect(row[1]).toBe(first);
    expect(Math.abs(Number(row[8]) - Math.hypot(vx, vy))).toBeLessThan(0.3);
    expect(Number(row[9])).toBeCloseTo(25 * Number(row[8]), 1);
    const off = Number(row[10]) - (Math.atan2(vy, vx) * 180) / Math.PI;
    expect(Math.cos((off * Math.PI) / 180)).toBeGreaterThan(0.999);
  }
});

it('begins a new track beyond its reach and after a long absence', () => {
  const tracker = new Tracker({ reach: 30, patience: 1 });
  expect(tracker.next(0, [{ x: 0, y: 0 }])).toEqual([0]);
  expect(tracker.next(1, [{ x: 40, y: 0 }])).toEqual([1]);
  for (const frame of [2, 3, 4]) expect(tracker.next(frame, [])).toEqual([]);
  expect(tracker.next(5, [{ x: 40, y: 0 }])).toEqual([2]);
});

it('gives the rows of tracks that are over as they end, and keeps no more than what is open', () => {
  const walk = (taken: boolean) => {
    const [random, tracker] = [randomStream(8), new Tracker()];
    const rows: unknown[][] = [];
    let most = 0;
    for (let frame = 0; frame < 600; frame++) {
      const count = frame % 10 < 6 ? integer(random, 4) : 0;
      tracker.next(
        frame,
        Array.from({ length: count }, () => ({ x: integer(random, 640), y: integer(random, 360) })),
      );
      if (taken) rows.push(...tracker.finished(25));
      most = Math.max(most, tracker.rows(25).length);
    }
    return { rows: [...rows, ...tracker.rows(25)], most };
  };
  const [whole, parts] = [walk(false), walk(true)];
  expect(whole.most).toBeGreaterThan(300);
  expect(parts.most).toBeLessThan(40);
  expect(parts.rows).toEqual(whole.rows);
});
