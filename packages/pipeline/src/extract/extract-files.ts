// One video to its files: crops (HDF5), sidecar, frame log, layers, tracks and the record. All appear at the end, or none.
import { existsSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { factsIn, type RecordingFacts } from '../store/recording-facts.ts';
import { makeWritableFolder, refuseToOverwrite, temporaryPath } from '../util/atomic.ts';
import { fromSystemError } from '../util/errors.ts';
import { silentProgress, type Progress, type ProgressFactory } from '../util/progress.ts';
import { openVideo, type DecoderName } from '../video/decoder.ts';
import { requireFrames, type Damage, type VideoInfo, type VideoReader } from '../video/reader.ts';
import { Capture, DATASET_ROWS, type CapturePaths } from './capture.ts';
import { commit, fileDigest, recover } from './commit.ts';
import { extractCrops, type Crop, type FrameCrops } from './crops.ts';
import { earlierRun, spatterVersion, type Request } from './earlier-run.ts';
import {
  LAYER_COLUMNS,
  LayerCounter,
  LayerSurvey,
  LayerTable,
  readLayerTimes,
  type LayerClock,
} from './layers.ts';
import { Ledger, type LedgerCounts } from './ledger.ts';
import { LiveCounts } from './live-counts.ts';
import { videoName } from './output-names.ts';
import { PartialCsv } from './partial-csv.ts';
import type { ExtractionParameters, ExtractionRecord } from './record.ts';
import { BLACK, DEFAULT_RULES, regionOf, stillRule, type Mode, type SpatterRules } from './rules.ts';
import { TRACK_COLUMNS, Tracker } from './tracks.ts';

export interface ExtractOptions extends Partial<SpatterRules> {
  /** What its files and datasets are called; default: the video's file name without the extension. */
  readonly name?: string;
  /** First frame looked at, counted from 0. */
  readonly startFrame?: number;
  /** Keep the crops (default). False writes the frame log only. */
  readonly capture?: boolean;
  readonly mode?: Mode;
  /** Frames without spatter after which a new layer begins; default 700. */
  readonly layerGap?: number;
  /** CSV of layer times, instead of the gap. */
  readonly layerTimes?: string;
  /** Direction of the gas flow in the picture, degrees: 0 (default) towards larger x, 90 towards larger y. */
  readonly flowDirection?: number;
  /** Stop after this many crops. */
  readonly maxCrops?: number;
  /** Draw spatter over frames and layers as a page. */
  readonly graph?: boolean;
  /** Write the video again with what was found drawn on it; needs capture. */
  readonly preview?: boolean;
  /** What a manifest told of the recording: goes into the HDF5 file's attributes and the record. */
  readonly facts?: RecordingFacts;
  readonly overwrite?: boolean;
  readonly decoder?: DecoderName | 'auto';
  /** Threads FFmpeg may decode with; 0 (default) lets it choose. Changes nothing but the time. */
  readonly threads?: number;
  readonly progress?: ProgressFactory;
}

/** Where an extraction's files go; `hdf5` and `sidecar` are null without capture, `graph` and `preview` where none is drawn. */
export interface ExtractFiles {
  readonly frameLog: string;
  readonly hdf5: string | null;
  readonly sidecar: string | null;
  readonly layers: string;
  readonly tracks: string;
  readonly record: string;
  readonly graph: string | null;
  readonly preview: string | null;
}

export interface ExtractSummary {
  readonly info: VideoInfo;
  readonly files: ExtractFiles;
  readonly startFrame: number;
  readonly framesRead: number;
  readonly ledger: LedgerCounts;
  readonly layers: number;
  readonly datasets: number;
  readonly damage: Damage | null;
  readonly record: ExtractionRecord;
  /** The files of an earlier run with the same input and parameters were there and whole: nothing was done. */
  readonly reused: boolean;
}

/**
 * The frame log's header. The reference writes a table without column names, which pandas heads with 0 and 1;
 * its users' scripts read those. Column 0 is the frame index in the video, column 1 the number of spatters.
 */
const FRAME_LOG_COLUMNS = ['0', '1'] as const;
const LAYER_GAP = 700;
/** Folder, beside the crops, of those that show nothing: no glob of the crop files finds it. */
const QUARANTINE = 'quarantine';

/** The files called `name` in `folder`. */
export function extractFiles(name: string, folder: string, options: ExtractOptions = {}): ExtractFiles {
  const { capture = true, graph = false, preview = false, overwrite = false } = options;
  const base = join(folder, name);
  // What was drawn of files that are replaced would tell of the old ones.
  const drawn = (path: string, wanted: boolean) => (wanted || (overwrite && existsSync(path)) ? path : null);
  return {
    frameLog: `${base}_spatter_at_frame.csv`,
    hdf5: capture ? `${base}.h5` : null,
    sidecar: capture ? `${base}_crops.csv` : null,
    layers: `${base}_layer_table.csv`,
    tracks: `${base}_tracks.csv`,
    record: `${base}_extraction.json`,
    graph: drawn(`${base}_graph.html`, graph),
    preview: capture ? drawn(`${base}_preview.mp4`, preview) : null,
  };
}

/** Where the black crops of the files called `name` go: files like those of the others, in a folder of their own. */
export function quarantineFiles(name: string, folder: string): CapturePaths {
  const base = join(folder, QUARANTINE, name);
  return { hdf5: `${base}.h5`, sidecar: `${base}_crops.csv` };
}

/**
 * Extracts `video` into `folder`. Files of an earlier run of the same input and parameters are kept as they are; what a killed
 * run had committed to is finished first.
 * @throws {SpatterError} OUTPUT_EXISTS, FILE_NOT_FOUND, NOT_A_VIDEO, DECODER_MISSING, LAYER_TIMES, USAGE, DISK_FULL or IO;
 * then no file of this extraction is left.
 */
export async function extractToFiles(
  video: string,
  folder: string,
  options: ExtractOptions = {},
): Promise<ExtractSummary> {
  const name = options.name ?? videoName(video);
  const files = extractFiles(name, folder, options);
  const rules = { ...DEFAULT_RULES, ...definedOnly(options) };
  const reader = await openVideo(video, {
    ...{ decoder: options.decoder ?? 'auto', threads: options.threads ?? 0 },
    startFrame: options.startFrame ?? 0,
    still: stillRule(rules),
  });
  try {
    const parameters = parametersOf(rules, options, reader.info.width);
    recover(files.record);
    const sha256 = fileDigest(video);
    const course = { ...options, name, facts: factsIn(options.facts ?? {}), sha256, parameters };
    const earlier = options.overwrite === true ? null : earlierRun(files.record, course);
    if (earlier !== null) {
      await drawGraph(files, earlier, false);
      await drawPreview(video, files, earlier, course);
      return summaryOf(reader.info, files, earlier, true);
    }
    refuseToOverwrite(allPaths(name, folder, files), options.overwrite === true);
    makeWritableFolder(folder);
    const extraction = new Extraction(reader, files, rules, course);
    const record = await extraction.run();
    await drawGraph(files, record, true);
    await drawPreview(video, files, record, course);
    return summaryOf(reader.info, files, record, false, reader.damage);
  } finally {
    await reader.close();
  }
}

/** The charts take their time to load: only for who wants them. */
async function drawGraph(files: ExtractFiles, record: ExtractionRecord, overwrite: boolean): Promise<void> {
  if (files.graph === null) return;
  const { writeGraph } = await import('./graph.ts');
  writeGraph(files.graph, { ...files, record }, overwrite);
}

/** A preview that is there of files that are kept stays. */
async function drawPreview(video: string, files: ExtractFiles, record: ExtractionRecord, course: Course) {
  const { preview, sidecar } = files;
  if (preview === null || sidecar === null) return;
  if (existsSync(preview) && course.overwrite !== true) return;
  const { writePreview } = await import('./preview.ts');
  const { progress, name } = course;
  const apart = record.contours.black > 0 && record.parameters.mode === 'corrected';
  const sidecars = [sidecar, ...(apart ? [quarantineFiles(name, dirname(sidecar)).sidecar] : [])];
  await writePreview(preview, { video, sidecars, record, ...(progress === undefined ? {} : { progress }) });
}

function allPaths(name: string, folder: string, files: ExtractFiles): string[] {
  const { hdf5, sidecar } = quarantineFiles(name, folder);
  const apart = files.hdf5 === null ? [] : [hdf5, sidecar];
  const { frameLog, layers, tracks, record, graph, preview } = files;
  const all = [frameLog, files.hdf5, files.sidecar, layers, tracks, record, graph, preview, ...apart];
  return all.filter((path) => path !== null);
}

/** The rules that are really given: an option that is present but undefined must not hide a default. */
function definedOnly(options: ExtractOptions): Partial<SpatterRules> {
  const given = Object.keys(DEFAULT_RULES).map((key) => [key, options[key as keyof SpatterRules]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<SpatterRules>;
}

function parametersOf(rules: SpatterRules, options: ExtractOptions, width: number): ExtractionParameters {
  const { left, right } = regionOf(rules, width);
  const times = options.layerTimes;
  if (times !== undefined) readLayerTimes(times);
  return {
    ...{ mode: options.mode ?? 'corrected', start_frame: options.startFrame ?? 0 },
    ...{ left_bound: left, right_bound: right, min_area: rules.minArea, max_area: rules.maxArea },
    ...{ threshold: rules.threshold, reject_edges: rules.rejectEdges === true },
    layer_gap: times === undefined ? (options.layerGap ?? LAYER_GAP) : null,
    layer_times: times === undefined ? null : fileDigest(times),
    flow_direction: options.flowDirection ?? 0,
    ...{ capture: options.capture ?? true, max_crops: options.maxCrops ?? null },
    decoder: options.decoder ?? 'auto',
  };
}

function summaryOf(
  info: VideoInfo,
  files: ExtractFiles,
  record: ExtractionRecord,
  reused: boolean,
  damage: Damage | null = damageOf(record),
): ExtractSummary {
  const { frames, contours, layers, datasets, parameters } = record;
  const ledger = {
    pairs: frames.with_spatter + frames.without_spatter,
    ...{ contours: contours.found, kept: contours.kept + contours.black, overLimit: contours.over_limit },
    ...{ framesWithSpatter: frames.with_spatter, rejected: contours.rejected },
  };
  return {
    ...{ info, files, startFrame: parameters.start_frame, framesRead: frames.decoded, ledger },
    ...{ layers, datasets: datasets.length, damage, record, reused },
  };
}

function damageOf({ damage }: ExtractionRecord): Damage | null {
  return damage === null ? null : { atFrame: damage.at_frame, count: damage.count, message: damage.message };
}

type Course = ExtractOptions & Request & { readonly name: string };

/** The course of one extraction. */
class Extraction {
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
        : new LayerTable(readLayerTimes(options.layerTimes), reader.info.fps);
  }

  async run(): Promise<ExtractionRecord> {
    const log = new PartialCsv(this.#files.frameLog, FRAME_LOG_COLUMNS);
    const tables = [log];
    try {
      this.#capture = await this.#openCapture(this.#files);
      await this.#readAll(log);
      requireFrames(this.#reader, this.#start);
      for (const capture of this.#captures()) capture.finish(this.#attributes());
      const { fps } = this.#reader.info;
      tables.push(this.#table(this.#files.layers, LAYER_COLUMNS, this.#survey.rows(fps)));
      tables.push(this.#table(this.#files.tracks, TRACK_COLUMNS, this.#tracker.rows(fps)));
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

  #table(path: string, columns: readonly string[], rows: Parameters<PartialCsv['add']>[0][]): PartialCsv {
    const table = new PartialCsv(path, columns);
    for (const row of rows) table.add(row);
    return table;
  }

  async #readAll(log: PartialCsv): Promise<void> {
    const progress = this.#progress();
    try {
      for await (const found of extractCrops(this.#reader, this.#rules)) {
        await this.#take(found, log);
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
    const layer = this.#layers.at(found.frame, crops.length);
    this.#survey.add(found.frame, layer, crops);
    this.#live.add(layer, crops.length);
    log.add([found.frame, crops.length]);
    const centres = crops.map(({ x, y, w, h }) => ({ x: x + w / 2, y: y + h / 2 }));
    const tracks = this.#tracker.next(found.frame, centres);
    const { fps } = this.#reader.info;
    const seen = { frame: found.frame, layer, seconds: fps > 0 ? found.frame / fps : 0 };
    for (const [i, crop] of crops.entries()) {
      this.#tracks = Math.max(this.#tracks, tracks[i]! + 1);
      (await this.#captureFor(crop))?.add(crop, { ...seen, track: tracks[i]! });
    }
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

/** Crops that the debug mode stops at: one dataset. */
export const DEBUG_CROPS = DATASET_ROWS;
