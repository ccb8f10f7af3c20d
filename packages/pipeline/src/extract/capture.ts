// Keeps crops: encodes them, collects them into datasets of the HDF5 file, and logs each in the sidecar.
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { CropFileWriter } from '../store/crop-file.ts';
import { encodeJpegSync } from '../store/jpeg.ts';
import { temporaryPath } from '../util/atomic.ts';
import type { CsvValue } from '../util/csv.ts';
import { cropFeatures, FEATURE_COLUMNS, featureFields } from './crop-features.ts';
import type { Crop } from './crops.ts';
import { PartialCsv } from './partial-csv.ts';
import { makeFolder } from '../util/make-folder.ts';

/** Crops in one dataset, as in the reference. */
export const DATASET_ROWS = 10_000;

/** Columns of `<video>_crops.csv`; the first eight are a contract with other programs. */
export const SIDECAR_COLUMNS = [
  ...['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area'],
  ...[
    'hole',
    'contour',
    'parent',
    'layer',
    'time_s',
    'mean',
    'max',
    'jpeg_bytes',
    'track',
    ...FEATURE_COLUMNS,
  ],
] as const;

/** Where a crop was seen. */
export interface Sighting {
  readonly frame: number;
  readonly layer: number;
  /** Seconds from the video's start. */
  readonly seconds: number;
  readonly track: number;
}

export interface CapturePaths {
  readonly hdf5: string;
  readonly sidecar: string;
}

/** Rows of one dataset. */
export interface WrittenDataset {
  readonly name: string;
  readonly rows: number;
}

/** Two files that grow under hidden names; whoever commits the extraction gives them theirs. */
export class Capture {
  /** Datasets written so far. */
  readonly datasets: WrittenDataset[] = [];
  readonly paths: CapturePaths;
  readonly #video: string;
  readonly #flow: number;
  readonly #file: CropFileWriter;
  readonly #sidecar: PartialCsv;
  #rows: Uint8Array[] = [];

  private constructor(
    video: string,
    paths: CapturePaths,
    flow: number,
    file: CropFileWriter,
    sidecar: PartialCsv,
  ) {
    this.#video = video;
    this.paths = paths;
    this.#flow = flow;
    this.#file = file;
    this.#sidecar = sidecar;
  }

  /**
   * @param video the datasets' name before `_0`, `_1`…
   * @param flow  direction of the gas, degrees
   * @throws {SpatterError} DISK_FULL or IO.
   */
  static async create(video: string, paths: CapturePaths, flow: number): Promise<Capture> {
    makeFolder(dirname(paths.hdf5));
    const sidecar = new PartialCsv(paths.sidecar, SIDECAR_COLUMNS);
    try {
      const file = await CropFileWriter.create(temporaryPath(paths.hdf5));
      return new Capture(video, paths, flow, file, sidecar);
    } catch (error) {
      sidecar.discard();
      rmSync(temporaryPath(paths.hdf5), { force: true });
      throw error;
    }
  }

  /** Takes one crop. */
  add(crop: Crop, seen: Sighting): void {
    const jpeg = encodeJpegSync(crop.bgr, crop.width, crop.height);
    this.#sidecar.add(this.#sidecarRow(crop, seen, jpeg.length));
    this.#rows.push(jpeg);
    if (this.#rows.length === DATASET_ROWS) this.#writeDataset();
  }

  /** Writes what is left, and `attributes` of the recording. */
  finish(attributes: Readonly<Record<string, string | number>>): void {
    if (this.#rows.length > 0) this.#writeDataset();
    this.#file.setAttributes(attributes);
    this.#file.close();
    this.#sidecar.finish();
  }

  /** Removes both unfinished files. */
  discard(): void {
    this.#file.close();
    rmSync(temporaryPath(this.paths.hdf5), { force: true });
    this.#sidecar.discard();
  }

  #sidecarRow(crop: Crop, seen: Sighting, bytes: number): CsvValue[] {
    const { x, y, w, h, area, hole, index, parent, mean, max } = crop;
    return [
      ...[this.#datasetName(), this.#rows.length, seen.frame, x, y, w, h, area],
      ...[
        hole ? 1 : 0,
        index,
        parent,
        seen.layer,
        seen.seconds.toFixed(4),
        mean.toFixed(3),
        max,
        bytes,
        seen.track,
      ],
      ...featureFields(cropFeatures(crop, this.#flow)),
    ];
  }

  #datasetName(): string {
    return `${this.#video}_${this.datasets.length}`;
  }

  #writeDataset(): void {
    const name = this.#datasetName();
    this.#file.writeDataset(name, this.#rows);
    this.datasets.push({ name, rows: this.#rows.length });
    this.#rows = [];
  }
}
