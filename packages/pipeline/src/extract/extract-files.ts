// One video to its files: crops (HDF5), the per-crop sidecar and the frame log. All appear at the end, or none.
import { basename, extname, join } from 'node:path';
import { makeWritableFolder, refuseToOverwrite } from '../util/atomic.ts';
import { fromSystemError } from '../util/errors.ts';
import { silentProgress, type Progress, type ProgressFactory } from '../util/progress.ts';
import { openVideo, type DecoderName } from '../video/decoder.ts';
import { requireFrames, type Damage, type VideoInfo, type VideoReader } from '../video/reader.ts';
import { Capture, DATASET_ROWS } from './capture.ts';
import { extractCrops, type FrameCrops } from './crops.ts';
import { LayerCounter, Ledger } from './ledger.ts';
import { PartialCsv } from './partial-csv.ts';
import { DEFAULT_RULES, regionOf, stillRule, type SpatterRules } from './rules.ts';

export interface ExtractOptions extends Partial<SpatterRules> {
  /** First frame looked at, counted from 0. */
  readonly startFrame?: number;
  /** Keep the crops (default). False writes the frame log only. */
  readonly capture?: boolean;
  /** Frames without spatter after which a new layer begins; default 700. */
  readonly layerGap?: number;
  /** Stop after this many crops. */
  readonly maxCrops?: number;
  readonly overwrite?: boolean;
  readonly decoder?: DecoderName | 'auto';
  readonly progress?: ProgressFactory;
}

/** Where an extraction's files go; `hdf5` and `sidecar` are null without capture. */
export interface ExtractFiles {
  readonly frameLog: string;
  readonly hdf5: string | null;
  readonly sidecar: string | null;
}

export interface ExtractSummary {
  readonly info: VideoInfo;
  readonly files: ExtractFiles;
  readonly startFrame: number;
  readonly framesRead: number;
  readonly ledger: Ledger;
  readonly layers: number;
  readonly datasets: number;
  readonly damage: Damage | null;
}

/**
 * The frame log's header. The reference writes a table without column names, which pandas heads with 0 and 1;
 * its users' scripts read those. Column 0 is the frame index in the video, column 1 the number of spatters.
 */
const FRAME_LOG_COLUMNS = ['0', '1'] as const;

/** A video's name in dataset and file names: its file name without the extension. */
export function videoName(path: string): string {
  return basename(path, extname(path));
}

/** The files of `video` in `folder`. */
export function extractFiles(video: string, folder: string, capture = true): ExtractFiles {
  const base = join(folder, videoName(video));
  return {
    frameLog: `${base}_spatter_at_frame.csv`,
    hdf5: capture ? `${base}.h5` : null,
    sidecar: capture ? `${base}_crops.csv` : null,
  };
}

/**
 * Extracts `video` into `folder`.
 * @throws {SpatterError} OUTPUT_EXISTS, FILE_NOT_FOUND, NOT_A_VIDEO, DECODER_MISSING, USAGE, DISK_FULL or IO;
 * then no file of this extraction is left.
 */
export async function extractToFiles(
  video: string,
  folder: string,
  options: ExtractOptions = {},
): Promise<ExtractSummary> {
  const files = extractFiles(video, folder, options.capture);
  const rules = { ...DEFAULT_RULES, ...definedOnly(options) };
  refuseToOverwrite(
    Object.values(files).filter((path) => path !== null),
    options.overwrite === true,
  );
  const reader = await openVideo(video, {
    decoder: options.decoder ?? 'auto',
    startFrame: options.startFrame ?? 0,
    still: stillRule(rules),
  });
  try {
    regionOf(rules, reader.info.width);
    makeWritableFolder(folder);
    return await new Extraction(reader, files, rules, options).run();
  } finally {
    await reader.close();
  }
}

/** The rules that are really given: an option that is present but undefined must not hide a default. */
function definedOnly(options: ExtractOptions): Partial<SpatterRules> {
  const given = Object.keys(DEFAULT_RULES).map((key) => [key, options[key as keyof SpatterRules]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Partial<SpatterRules>;
}

/** The course of one extraction. */
class Extraction {
  readonly #reader: VideoReader;
  readonly #files: ExtractFiles;
  readonly #rules: SpatterRules;
  readonly #options: ExtractOptions;
  readonly #start: number;
  readonly #maxCrops: number;
  readonly #ledger = new Ledger();
  readonly #layers: LayerCounter;

  constructor(reader: VideoReader, files: ExtractFiles, rules: SpatterRules, options: ExtractOptions) {
    this.#reader = reader;
    this.#files = files;
    this.#rules = rules;
    this.#options = options;
    this.#start = options.startFrame ?? 0;
    this.#maxCrops = options.maxCrops ?? Infinity;
    this.#layers = new LayerCounter(this.#start, options.layerGap);
  }

  async run(): Promise<ExtractSummary> {
    const log = new PartialCsv(this.#files.frameLog, FRAME_LOG_COLUMNS);
    let capture: Capture | undefined;
    try {
      capture = await this.#openCapture();
      await this.#readAll(log, capture);
      requireFrames(this.#reader, this.#start);
      capture?.finish(this.#attributes());
      log.finish();
    } catch (error) {
      capture?.discard();
      log.discard();
      throw fromSystemError(error, this.#files.frameLog);
    }
    capture?.publish();
    log.publish();
    return this.#summary(capture?.datasets ?? 0);
  }

  async #openCapture(): Promise<Capture | undefined> {
    const { hdf5, sidecar } = this.#files;
    if (hdf5 === null || sidecar === null) return undefined;
    return Capture.create(videoName(this.#reader.info.path), { hdf5, sidecar });
  }

  async #readAll(log: PartialCsv, capture: Capture | undefined): Promise<void> {
    const progress = this.#progress();
    try {
      for await (const found of extractCrops(this.#reader, this.#rules)) {
        this.#take(found, log, capture);
        progress.update(this.#ledger.pairs, `${this.#ledger.kept} crops`);
        if (this.#ledger.kept >= this.#maxCrops) return;
      }
    } finally {
      progress.stop();
    }
  }

  #take(found: FrameCrops, log: PartialCsv, capture: Capture | undefined): void {
    const room = this.#maxCrops - this.#ledger.kept;
    const crops = found.crops.slice(0, room);
    this.#ledger.add({ ...found, crops });
    this.#ledger.overLimit += found.crops.length - crops.length;
    const layer = this.#layers.at(found.frame, crops.length);
    log.add([found.frame, crops.length]);
    const { fps } = this.#reader.info;
    const seen = { frame: found.frame, layer, seconds: fps > 0 ? found.frame / fps : 0 };
    for (const crop of crops) capture?.add(crop, seen);
  }

  #progress(): Progress {
    const { frameCount } = this.#reader.info;
    const total = Math.max(0, (frameCount ?? 0) - this.#start - 1);
    return (this.#options.progress ?? silentProgress)('extract', total, 'frames');
  }

  #attributes(): Record<string, string | number> {
    const { info } = this.#reader;
    const { left, right } = regionOf(this.#rules, info.width);
    const { minArea, maxArea, threshold } = this.#rules;
    return {
      video: basename(info.path),
      ...{ width: info.width, height: info.height, fps: info.fps, start_frame: this.#start },
      ...{ left_bound: left, right_bound: right, min_area: minArea, max_area: maxArea, threshold },
    };
  }

  #summary(datasets: number): ExtractSummary {
    return {
      info: this.#reader.info,
      files: this.#files,
      startFrame: this.#start,
      framesRead: Math.max(0, this.#reader.position - this.#start),
      ledger: this.#ledger,
      layers: this.#layers.seen,
      datasets,
      damage: this.#reader.damage,
    };
  }
}

/** Crops that the debug mode stops at: one dataset. */
export const DEBUG_CROPS = DATASET_ROWS;
