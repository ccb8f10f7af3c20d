// The course of one extraction: every frame is read once, all its files are written, and they get their names together.
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { temporaryPath } from '../util/atomic.ts';
import { fromSystemError } from '../util/errors.ts';
import { silentProgress, type Progress } from '../util/progress.ts';
import { requireFrames, type VideoReader } from '../video/reader.ts';
import { Capture } from './capture.ts';
import { commit, fileDigest } from './commit.ts';
import { extractCrops, type Crop, type FrameCrops } from './crops.ts';
import { spatterVersion } from './earlier-run.ts';
import { LAYER_GAP, type Course } from './extract-options.ts';
import { LAYER_COLUMNS, LayerCounter, LayerSurvey, LayerTable, type LayerClock } from './layers.ts';
import { Ledger } from './ledger.ts';
import { LiveCounts } from './live-counts.ts';
import { QUARANTINE, quarantineFiles, type ExtractFiles } from './output-files.ts';
import { PartialCsv } from './partial-csv.ts';
import type { ExtractionRecord } from './record.ts';
import { BLACK, type SpatterRules } from './rules.ts';
import { TRACK_COLUMNS, Tracker } from './tracks.ts';

/**
 * The frame log's header. The reference writes a table without column names, which pandas heads with 0 and 1;
 * its users' scripts read those. Column 0 is the frame index in the video, column 1 the number of spatters.
 */
const FRAME_LOG_COLUMNS = ['0', '1'] as const;

/** Runs once; the caller closes the reader. */
export class Extraction {
  readonly #reader: VideoReader;
  readonly #files: ExtractFiles;
  readonly #folder: string;
  readonly #rules: SpatterRules;
  readonly #options: Course;
  readonly #start: number;
  readonly #maxCrops: number;
  readonly #ledger = new Ledger();
  readonly #layers: LayerClock;
  readonly #survey = new LayerSurvey();
  readonly #tracker = new Tracker();
  readonly #live: LiveCounts;
  #tracks = 0;
  #black = 0;
  #irregular = false;
  #capture: Capture | undefined;
  #quarantine: Capture | undefined;

  constructor(reader: VideoReader, files: ExtractFiles, rules: SpatterRules, options: Course) {
    this.#reader = reader;
    this.#files = files;
    this.#folder = dirname(files.record);
    this.#rules = rules;
    this.#options = options;
    this.#start = options.startFrame ?? 0;
    this.#maxCrops = options.maxCrops ?? Infinity;
    this.#live = new LiveCounts(reader.info.fps);
    this.#layers =
      options.layerTimes === undefined
        ? new LayerCounter(this.#start, options.layerGap ?? LAYER_GAP)
        : new LayerTable(options.layerTimes.times);
  }

  async run(): Promise<ExtractionRecord> {
    const log = new PartialCsv(this.#files.frameLog, FRAME_LOG_COLUMNS);
    const tables = [log];
    try {
      const tracks = new PartialCsv(this.#files.tracks, TRACK_COLUMNS);
      tables.push(tracks);
      this.#capture = await this.#openCapture(this.#files);
      await this.#readAll(log, tracks);
      requireFrames(this.#reader, this.#start);
      for (const capture of this.#captures()) capture.finish(this.#attributes());
      const { fps } = this.#reader.info;
      addRows(tracks, this.#tracker.rows(fps));
      const layers = new PartialCsv(this.#files.layers, LAYER_COLUMNS);
      tables.push(layers);
      addRows(layers, this.#survey.rows());
      for (const table of tables) table.finish();
      const record = this.#record(tables);
      commit(this.#files.record, record);
      return record;
    } catch (error) {
      for (const unfinished of [...this.#captures(), ...tables]) unfinished.discard();
      this.#removeEmptyQuarantine();
      throw fromSystemError(error, this.#files.frameLog);
    }
  }

  #captures(): Capture[] {
    return [this.#capture, this.#quarantine].filter((each) => each !== undefined);
  }

  async #openCapture({ hdf5, sidecar }: { hdf5: string | null; sidecar: string | null }) {
    if (hdf5 === null || sidecar === null) return undefined;
    const { name } = this.#options;
    return Capture.create(name, { hdf5, sidecar }, this.#options.parameters.flow_direction);
  }

  #removeEmptyQuarantine(): void {
    const folder = join(this.#folder, QUARANTINE);
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  }

  async #readAll(log: PartialCsv, tracks: PartialCsv): Promise<void> {
    const progress = this.#progress();
    try {
      for await (const found of extractCrops(this.#reader, this.#rules)) {
        await this.#take(found, log);
        addRows(tracks, this.#tracker.finished(this.#reader.info.fps));
        progress.update(this.#ledger.pairs, this.#live.text);
        if (this.#ledger.kept >= this.#maxCrops) return;
      }
    } finally {
      progress.stop();
    }
  }

  async #take(found: FrameCrops, log: PartialCsv): Promise<void> {
    const room = this.#maxCrops - this.#ledger.kept;
    const crops = found.crops.slice(0, room);
    this.#ledger.add({ ...found, crops });
    this.#ledger.overLimit += found.crops.length - crops.length;
    const layer = this.#layers.at(found.frame, crops.length, found.seconds);
    const at = { frame: found.frame, seconds: this.#secondsOf(found) };
    this.#survey.add(at, layer, crops);
    this.#live.add(layer, crops.length);
    log.add([found.frame, crops.length]);
    const centres = crops.map(({ x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 }));
    const tracks = this.#tracker.next(found.frame, centres);
    for (const [i, crop] of crops.entries()) {
      this.#tracks = Math.max(this.#tracks, tracks[i]! + 1);
      (await this.#captureFor(crop))?.add(crop, { ...at, layer, track: tracks[i]! });
    }
  }

  /** Seconds from the video's start, 0 where it does not say; notes whether the time stamps tell more than the frame rate. */
  #secondsOf({ frame, seconds }: FrameCrops): number {
    if (seconds !== null && seconds !== frame / this.#reader.info.fps) this.#irregular = true;
    return seconds ?? 0;
  }

  /** Where a crop belongs; counts the black ones. */
  async #captureFor(crop: Crop): Promise<Capture | undefined> {
    if (crop.max > BLACK || this.#options.parameters.mode === 'legacy') return this.#capture;
    this.#black++;
    if (this.#capture === undefined) return undefined;
    const apart = quarantineFiles(this.#options.name, this.#folder);
    return (this.#quarantine ??= await this.#openCapture(apart));
  }

  #progress(): Progress {
    const { frameCount } = this.#reader.info;
    const total = Math.max(0, (frameCount ?? 0) - this.#start - 1);
    return (this.#options.progress ?? silentProgress)('extract', total, 'frames');
  }

  #attributes(): Record<string, string | number> {
    const { info } = this.#reader;
    const given = Object.entries(this.#options.parameters).filter(([, value]) => value !== null);
    const parameters = given.map(([name, value]) => [
      name,
      typeof value === 'boolean' ? Number(value) : value,
    ]);
    return {
      ...{ video: basename(info.path), width: info.width, height: info.height, fps: info.fps },
      ...(Object.fromEntries(parameters) as Record<string, string | number>),
      ...{ spatter_version: spatterVersion(), input_sha256: this.#options.sha256 },
      ...(this.#irregular ? { time: 'stamps' } : {}),
      ...this.#options.facts,
    };
  }

  #record(tables: readonly PartialCsv[]): ExtractionRecord {
    const { info, damage } = this.#reader;
    const { facts } = this.#options;
    const paths = this.#captures().flatMap(({ paths: { hdf5, sidecar } }) => [hdf5, sidecar]);
    const files = [...paths, ...tables.map(({ path }) => path)].map((path): [string, string] => [
      relative(this.#folder, path).split(sep).join('/'),
      fileDigest(temporaryPath(path)),
    ]);
    return {
      ...{ format: 1, spatter: spatterVersion() },
      input: {
        ...{ file: basename(info.path), bytes: statSync(info.path).size, sha256: this.#options.sha256 },
        ...{ width: info.width, height: info.height, fps: info.fps, codec: info.codec },
        frames_announced: info.frameCount,
      },
      ...(Object.keys(facts).length === 0 ? {} : { facts }),
      ...{ parameters: this.#options.parameters, frames: this.#frames(), contours: this.#contours() },
      ...{ layers: this.#layers.seen, tracks: this.#tracks, datasets: this.#capture?.datasets ?? [] },
      damage: damage && { at_frame: damage.atFrame, count: damage.count, message: damage.message },
      files: Object.fromEntries(files),
    };
  }

  #frames(): ExtractionRecord['frames'] {
    const { position, missing = 0 } = this.#reader;
    const decoded = Math.max(0, position - this.#start);
    const { pairs, framesWithSpatter } = this.#ledger;
    return {
      ...{ in_file: decoded + missing, decoded, with_spatter: framesWithSpatter },
      ...{ without_spatter: pairs - framesWithSpatter, last: decoded - pairs, unreadable: missing },
    };
  }

  #contours(): ExtractionRecord['contours'] {
    const { contours, kept, overLimit, rejected } = this.#ledger;
    const counts = { found: contours, kept: kept - this.#black, black: this.#black };
    return { ...counts, over_limit: overLimit, rejected: { ...rejected } };
  }
}

function addRows(table: PartialCsv, rows: readonly Parameters<PartialCsv['add']>[0][]): void {
  for (const row of rows) table.add(row);
}
