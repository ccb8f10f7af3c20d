// One video to its files: crops (HDF5), sidecar, frame log, layers, tracks and the record. All appear at the end, or none.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { factsIn } from '../store/recording-facts.ts';
import { makeWritableFolder, refuseToOverwrite } from '../util/atomic.ts';
import { openVideo } from '../video/decoder.ts';
import type { Damage, VideoInfo } from '../video/reader.ts';
import { DATASET_ROWS } from './capture.ts';
import { fileDigest, recover } from './commit.ts';
import { earlierRun } from './earlier-run.ts';
import { parametersOf, rulesOf, type Course, type ExtractOptions } from './extract-options.ts';
import { Extraction } from './extraction.ts';
import type { LedgerCounts } from './ledger.ts';
import { allPaths, extractFiles, quarantineFiles, type ExtractFiles } from './output-files.ts';
import { videoName } from './output-names.ts';
import type { ExtractionRecord } from './record.ts';
import { stillRule } from './rules.ts';

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
  const rules = rulesOf(options);
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

/** Crops that the debug mode stops at: one dataset. */
export const DEBUG_CROPS = DATASET_ROWS;
