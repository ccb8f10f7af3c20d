// Which layer of the build a frame belongs to: by pauses in the spatter, or by the machine's own table of layer times.
import { createHash } from 'node:crypto';
import { parseCsv, type CsvValue } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';
import type { Crop } from './crops.ts';
import { readBytes } from '../util/read-file.ts';

/** Frames without spatter after which the next spatter belongs to a new layer: the recoater has passed meanwhile. */
export const LAYER_GAP_FRAMES = 700;

/** Tells layers from 0 on; asked once for every frame, in order. */
export interface LayerClock {
  /** Layers that held spatter so far. */
  readonly seen: number;
  /**
   * The layer of `frame`, which holds `crops` spatters; −1 where a layer table knows none.
   * @param seconds from the video's start; null where it does not say
   */
  at(frame: number, crops: number, seconds: number | null): number;
}

/** Numbers layers from 0, as the reference does: by pauses of more than `gap` frames. */
export class LayerCounter implements LayerClock {
  seen = 0;
  #layer = 0;
  #last: number;
  readonly #gap: number;

  /** @param start the first frame looked at: a long wait before the first spatter counts as a pause */
  constructor(start: number, gap: number = LAYER_GAP_FRAMES) {
    this.#last = start;
    this.#gap = gap;
  }

  at(frame: number, crops: number): number {
    if (crops === 0) return this.#layer;
    const isNew = frame - this.#last > this.#gap;
    if (isNew) this.#layer++;
    if (isNew || this.seen === 0) this.seen++;
    this.#last = frame;
    return this.#layer;
  }
}

/** One layer as the machine logged it, in seconds from the video's start; `end` is not part of it. */
export interface LayerTime {
  readonly layer: number;
  readonly start: number;
  readonly end: number;
}

/** A machine's table of layer times. */
export interface LayerTimes {
  readonly times: readonly LayerTime[];
  /** SHA-256 of the table's bytes. */
  readonly sha256: string;
}

/**
 * Reads a CSV of layer times, once, so that a pipe will do: columns `layer,start_s` and, if wanted, `end_s` (without it, a layer ends where the next begins).
 * @throws {SpatterError} FILE_NOT_FOUND, IO, or LAYER_TIMES where the table makes no sense.
 */
export function readLayerTimes(path: string): LayerTimes {
  const bytes = readBytes(path);
  return { times: timesIn(bytes, path), sha256: createHash('sha256').update(bytes).digest('hex') };
}

function timesIn(bytes: Buffer, path: string): LayerTime[] {
  const { columns, rows } = parseCsv(bytes, path);
  for (const column of ['layer', 'start_s']) {
    if (!columns.includes(column)) throw wrongTimes(`${path} must have a column ${column}`);
  }
  const number = (row: readonly string[], column: string, line: number): number => {
    const text = row[columns.indexOf(column)] ?? '';
    if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
    throw wrongTimes(`${path} line ${line + 2}: ${column} must be a number, got '${text}'`);
  };
  const starts = rows.map((row, line) => ({
    layer: number(row, 'layer', line),
    start: number(row, 'start_s', line),
  }));
  const times = starts.map(({ layer, start }, i) => {
    const end = columns.includes('end_s') ? number(rows[i]!, 'end_s', i) : (starts[i + 1]?.start ?? Infinity);
    return { layer, start, end };
  });
  checkOrder(path, times);
  return times;
}

function checkOrder(path: string, times: readonly LayerTime[]): void {
  times.forEach(({ layer, start, end }, i) => {
    const next = times[i + 1]?.start ?? Infinity;
    const whole = Number.isInteger(layer) && layer >= 0;
    if (whole && start < end && end <= next) return;
    const rule = 'layers must be whole numbers from 0, in order of time, and must not overlap';
    throw wrongTimes(`${path} line ${i + 2}: ${rule}`);
  });
}

function wrongTimes(message: string): SpatterError {
  return new SpatterError('LAYER_TIMES', message, 'correct the table, or leave --layer-times away');
}

/** Layers by a table of times. */
export class LayerTable implements LayerClock {
  readonly #times: readonly LayerTime[];
  readonly #held = new Set<number>();
  #next = 0;

  constructor(times: readonly LayerTime[]) {
    this.#times = times;
  }

  get seen(): number {
    return this.#held.size;
  }

  /** @throws {SpatterError} LAYER_TIMES when the video does not say its times. */
  at(_frame: number, crops: number, seconds: number | null): number {
    if (seconds === null) throw wrongTimes('layer times need a video with time stamps or frames per second');
    // A damaged time stamp may lie far ahead of those behind it.
    if (seconds < (this.#times[this.#next - 1]?.end ?? 0)) this.#next = 0;
    while ((this.#times[this.#next]?.end ?? Infinity) <= seconds) this.#next++;
    const now = this.#times[this.#next];
    const layer = now !== undefined && now.start <= seconds ? now.layer : -1;
    if (crops > 0 && layer >= 0) this.#held.add(layer);
    return layer;
  }
}

/** Columns of `<video>_layer_table.csv`. */
export const LAYER_COLUMNS = [
  ...['layer', 'start_frame', 'end_frame', 'start_s', 'end_s', 'frames_with_spatter', 'crops'],
  ...['spatter_area', 'mean_intensity', 'max_intensity'],
] as const;

/** A frame by its number, and seconds from the video's start. */
interface Moment {
  readonly frame: number;
  readonly seconds: number;
}

interface LayerSums {
  start: Moment;
  end: Moment;
  frames: number;
  crops: number;
  area: number;
  sum: number;
  bytes: number;
  max: number;
}

/** What was seen in each layer that held spatter. */
export class LayerSurvey {
  readonly #layers = new Map<number, LayerSums>();

  /** Takes one frame's spatters. */
  add(at: Moment, layer: number, crops: readonly Crop[]): void {
    if (crops.length === 0) return;
    const sums = this.#layers.get(layer) ?? empty(at);
    this.#layers.set(layer, sums);
    sums.end = at;
    sums.frames++;
    for (const crop of crops) {
      sums.crops++;
      sums.area += crop.area;
      sums.sum += crop.mean * crop.bgr.length;
      sums.bytes += crop.bgr.length;
      sums.max = Math.max(sums.max, crop.max);
    }
  }

  /** Rows of the layer table; intensities are of all bytes of the layer's crops. */
  rows(): CsvValue[][] {
    return [...this.#layers].map(([layer, { start, end, frames, crops, area, sum, bytes, max }]) => [
      ...[layer, start.frame, end.frame, start.seconds.toFixed(4), end.seconds.toFixed(4), frames, crops],
      ...[area, (sum / bytes).toFixed(3), max],
    ]);
  }
}

function empty(at: Moment): LayerSums {
  return { start: at, end: at, frames: 0, crops: 0, area: 0, sum: 0, bytes: 0, max: 0 };
}
