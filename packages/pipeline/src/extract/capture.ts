// Keeps crops: encodes them, collects them into datasets of the HDF5 file, and logs each in the sidecar.
import { rmSync } from 'node:fs';
import { CropFileWriter } from '../store/crop-file.ts';
import { encodeJpegSync } from '../store/jpeg.ts';
import { publish, temporaryPath } from '../util/atomic.ts';
import type { CsvValue } from '../util/csv.ts';
import type { Crop } from './crops.ts';
import { PartialCsv } from './partial-csv.ts';

/** Crops in one dataset, as in the reference. */
export const DATASET_ROWS = 10_000;

/** Columns of `<video>_crops.csv`; the first eight are a contract with other programs. */
export const SIDECAR_COLUMNS = [
  ...['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area'],
  ...['hole', 'layer', 'time_s', 'mean', 'max', 'jpeg_bytes'],
] as const;

/** Where a crop was seen. */
export interface Sighting {
  readonly frame: number;
  readonly layer: number;
  /** Seconds since the video's first frame. */
  readonly seconds: number;
}

export interface CapturePaths {
  readonly hdf5: string;
  readonly sidecar: string;
}

/** Two files that grow under hidden names; `publish` gives them theirs. */
export class Capture {
  /** Datasets written so far. */
  datasets = 0;
  readonly #video: string;
  readonly #paths: CapturePaths;
  readonly #file: CropFileWriter;
  readonly #sidecar: PartialCsv;
  #rows: Uint8Array[] = [];

  private constructor(video: string, paths: CapturePaths, file: CropFileWriter, sidecar: PartialCsv) {
    this.#video = video;
    this.#paths = paths;
    this.#file = file;
    this.#sidecar = sidecar;
  }

  /**
   * @param video the datasets' name before `_0`, `_1`…
   * @throws {SpatterError} DISK_FULL or IO.
   */
  static async create(video: string, paths: CapturePaths): Promise<Capture> {
    const sidecar = new PartialCsv(paths.sidecar, SIDECAR_COLUMNS);
    try {
      return new Capture(video, paths, await CropFileWriter.create(temporaryPath(paths.hdf5)), sidecar);
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

  publish(): void {
    publish(temporaryPath(this.#paths.hdf5), this.#paths.hdf5);
    this.#sidecar.publish();
  }

  /** Removes both unfinished files. */
  discard(): void {
    this.#file.close();
    rmSync(temporaryPath(this.#paths.hdf5), { force: true });
    this.#sidecar.discard();
  }

  #sidecarRow(crop: Crop, seen: Sighting, bytes: number): CsvValue[] {
    const place = [
      this.#datasetName(),
      this.#rows.length,
      seen.frame,
      crop.x,
      crop.y,
      crop.w,
      crop.h,
      crop.area,
    ];
    const { hole, mean, max } = crop;
    return [...place, hole ? 1 : 0, seen.layer, seen.seconds.toFixed(4), mean.toFixed(3), max, bytes];
  }

  #datasetName(): string {
    return `${this.#video}_${this.datasets}`;
  }

  #writeDataset(): void {
    this.#file.writeDataset(this.#datasetName(), this.#rows);
    this.#rows = [];
    this.datasets++;
  }
}
