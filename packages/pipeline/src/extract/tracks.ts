// Follows spatter through the frames: a Kalman filter of constant velocity for each track, and the cheapest assignment of crops to tracks.
import type { CsvValue } from '../util/csv.ts';
import { assign } from './assignment.ts';

/** Where a spatter was seen: the centre of its box, pixels. */
export interface Detection {
  readonly x: number;
  readonly y: number;
}

/** Columns of `<video>_tracks.csv`. */
export const TRACK_COLUMNS = [
  ...['track', 'first_frame', 'last_frame', 'lifetime_frames', 'lifetime_s', 'crops'],
  ...['x', 'y', 'speed_px_per_frame', 'speed_px_per_s', 'direction'],
] as const;

export interface TrackOptions {
  /** Farthest a crop may lie from where its track expects it, pixels. */
  readonly reach: number;
  /** Frames a track may be unseen. */
  readonly patience: number;
}

/** Spatter flies up to a few dozen pixels a frame; one missed frame is common where it passes before the plume. */
export const DEFAULT_TRACKING: TrackOptions = { reach: 60, patience: 2 };

/** Variances, square pixels: of a measured centre, of the unknown first velocity, and of its change in a frame. */
const MEASURED = 4;
const FIRST_VELOCITY = 400;
const ACCELERATION = 4;

/** One coordinate: position and velocity with their covariance (Kalman 1960; constant velocity, a step of one frame). */
class Axis {
  position: number;
  velocity = 0;
  #pp = MEASURED;
  #pv = 0;
  #vv = FIRST_VELOCITY;

  constructor(position: number) {
    this.position = position;
  }

  predict(): void {
    this.position += this.velocity;
    this.#pp += 2 * this.#pv + this.#vv + ACCELERATION / 4;
    this.#pv += this.#vv + ACCELERATION / 2;
    this.#vv += ACCELERATION;
  }

  /** Variance of what will be measured. */
  get variance(): number {
    return this.#pp + MEASURED;
  }

  correct(measured: number): void {
    const miss = measured - this.position;
    const [gainP, gainV] = [this.#pp / this.variance, this.#pv / this.variance];
    this.position += gainP * miss;
    this.velocity += gainV * miss;
    this.#vv -= gainV * this.#pv;
    this.#pv *= 1 - gainP;
    this.#pp *= 1 - gainP;
  }
}

/** A track and the straight line through its crops: least squares over its frames. */
class Track {
  readonly id: number;
  readonly first: number;
  readonly start: Detection;
  last: number;
  /** Whether nothing will be added to it. */
  over = false;
  crops = 0;
  readonly #x: Axis;
  readonly #y: Axis;
  #t = 0;
  #tt = 0;
  #sx = 0;
  #sy = 0;
  #tx = 0;
  #ty = 0;

  constructor(id: number, frame: number, seen: Detection) {
    this.id = id;
    this.first = this.last = frame;
    this.start = seen;
    this.#x = new Axis(seen.x);
    this.#y = new Axis(seen.y);
    this.#note(frame, seen);
  }

  predict(): void {
    this.#x.predict();
    this.#y.predict();
  }

  /** Squared distance in standard deviations, or Infinity beyond `reach` pixels. */
  cost({ x, y }: Detection, reach: number): number {
    const [dx, dy] = [x - this.#x.position, y - this.#y.position];
    if (dx * dx + dy * dy > reach * reach) return Infinity;
    return (dx * dx) / this.#x.variance + (dy * dy) / this.#y.variance;
  }

  see(frame: number, seen: Detection): void {
    this.#x.correct(seen.x);
    this.#y.correct(seen.y);
    this.last = frame;
    this.#note(frame, seen);
  }

  /** Pixels a frame; 0, 0 for a spatter seen once. */
  get velocity(): Detection {
    const n = this.crops;
    const spread = n * this.#tt - this.#t * this.#t;
    if (spread === 0) return { x: 0, y: 0 };
    return {
      x: (n * this.#tx - this.#t * this.#sx) / spread,
      y: (n * this.#ty - this.#t * this.#sy) / spread,
    };
  }

  #note(frame: number, { x, y }: Detection): void {
    const t = frame - this.first;
    this.crops++;
    this.#t += t;
    this.#tt += t * t;
    this.#sx += x;
    this.#sy += y;
    this.#tx += t * x;
    this.#ty += t * y;
  }
}

/** Gives every crop the number of its track. Frames come in order; every frame must be told, also empty ones. */
export class Tracker {
  readonly #options: TrackOptions;
  /** Tracks whose rows were not taken yet, by number. */
  #waiting: Track[] = [];
  #alive: Track[] = [];
  #begun = 0;

  constructor(options: TrackOptions = DEFAULT_TRACKING) {
    this.#options = options;
  }

  /** Track numbers, from 0, of the spatters seen in `frame`. */
  next(frame: number, seen: readonly Detection[]): number[] {
    const { reach, patience } = this.#options;
    for (const track of this.#alive) track.over = frame - track.last > patience + 1;
    this.#alive = this.#alive.filter((track) => !track.over);
    for (const track of this.#alive) track.predict();
    if (seen.length === 0) return [];
    const costs = seen.map((each) => this.#alive.map((track) => track.cost(each, reach)));
    const choice = assign(costs);
    return seen.map((each, i) => {
      const known = choice[i] === null ? undefined : this.#alive[choice[i]!];
      if (known === undefined) return this.#begin(frame, each);
      known.see(frame, each);
      return known.id;
    });
  }

  /** Rows, each given once and in the order of the numbers, of tracks that are over: a long video's need not be kept. */
  finished(fps: number): CsvValue[][] {
    const open = this.#waiting.findIndex(({ over }) => !over);
    return this.#waiting
      .splice(0, open === -1 ? this.#waiting.length : open)
      .map((track) => rowOf(track, fps));
  }

  /** At the end: the rows of all tracks that are left. */
  rows(fps: number): CsvValue[][] {
    return this.#waiting.map((track) => rowOf(track, fps));
  }

  #begin(frame: number, seen: Detection): number {
    const track = new Track(this.#begun++, frame, seen);
    this.#waiting.push(track);
    this.#alive.push(track);
    return track.id;
  }
}

/** Where a track began, its mean speed, and its direction in degrees (0 right, 90 down). */
function rowOf({ id, first, last, crops, start, velocity }: Track, fps: number): CsvValue[] {
  const frames = last - first + 1;
  const speed = Math.hypot(velocity.x, velocity.y);
  const direction = crops > 1 ? ((Math.atan2(velocity.y, velocity.x) * 180) / Math.PI).toFixed(1) : '';
  return [
    ...[id, first, last, frames, fps > 0 ? (frames / fps).toFixed(4) : '', crops],
    ...[start.x, start.y, speed.toFixed(3), fps > 0 ? (speed * fps).toFixed(2) : ''],
    direction === '-0.0' ? '0.0' : direction,
  ];
}
