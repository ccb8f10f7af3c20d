// Where an extraction's files go.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CapturePaths } from './capture.ts';
import type { ExtractOptions } from './extract-options.ts';

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

/** Folder, beside the crops, of those that show nothing: no glob of the crop files finds it. */
export const QUARANTINE = 'quarantine';

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

/** Every path that an extraction of these files may write. */
export function allPaths(name: string, folder: string, files: ExtractFiles): string[] {
  const { hdf5, sidecar } = quarantineFiles(name, folder);
  const apart = files.hdf5 === null ? [] : [hdf5, sidecar];
  const { frameLog, layers, tracks, record, graph, preview } = files;
  const all = [frameLog, files.hdf5, files.sidecar, layers, tracks, record, graph, preview, ...apart];
  return all.filter((path) => path !== null);
}
