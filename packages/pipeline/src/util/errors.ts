// The one table of error codes and the error class that every user-facing failure is thrown as.

/** Stable error codes. Each says when it is raised; `docs/reference/errors.md` is kept equal to this table by a test. */
export const ERRORS = {
  USAGE: 'The command line is wrong: an unknown option, a missing argument, a value out of range.',
  FILE_NOT_FOUND: 'A file or folder named on the command line or in a config does not exist.',
  OUTPUT_EXISTS: 'The output already exists and --overwrite was not given. Nothing was changed.',
  DISK_FULL: 'The disk filled up while writing. The unfinished file was removed; earlier files are whole.',
  IO: 'Reading or writing a file failed for another reason (permissions, a broken disk, a folder in the way).',
  DECODER_MISSING:
    'No FFmpeg was found to read or write video: neither the node-av package nor an ffmpeg program.',
  NOT_A_VIDEO: 'The file is there, but FFmpeg finds no video in it, or no frame of it can be decoded.',
  HDF5_DAMAGED: 'An HDF5 file is not HDF5, is cut short, or holds bytes that cannot be read.',
  HDF5_LAYOUT: 'An HDF5 file holds something other than lists of JPEG bytes.',
  JPEG_DAMAGED: 'A stored crop is not a JPEG, or is a damaged one.',
  INDEX_INVALID:
    'An index CSV or a table beside it cannot be read, has the wrong columns, or names what does not exist.',
  LAYER_TIMES:
    'A table of layer times lacks a column, is out of order, or the video has no frame rate to use it with.',
  MANIFEST: 'A manifest of videos cannot be read, lacks a column, or names a video twice.',
  LABELS:
    'The labels do not fit the files: another count, an unknown file name, not a whole number from 0 to 255.',
  ONE_CLASS: 'All crops have the same label; a classifier needs at least two.',
  SPLIT_IMPOSSIBLE: 'A split cannot give train, val and test what each needs, such as crops of every class.',
  SPLIT_NEEDS_TIMES: 'A split by time needs the frame of every crop, and a crop file has no sidecar.',
  DATA_EMPTY: 'There are no crops to index or to make a batch of.',
  IDX_DAMAGED:
    'An IDX file has a wrong magic number, is cut short or too long, or images and labels differ in number.',
  CLASS_FOLDERS: 'A folder of images does not hold a folder per class with images in each.',
  IMAGE_DAMAGED: 'An image of a class folder cannot be decoded.',
  CONFIG_FILE: 'A config file is not valid YAML, or its defaults list is wrong.',
  CONFIG_NOT_FOUND: 'A config folder, or an option of a config group, does not exist.',
  CONFIG_OVERRIDE: 'An override on the command line cannot be read or cannot be applied.',
  CONFIG_UNKNOWN_KEY:
    'A config key does not exist. The message names the nearest one and where the key came from.',
  CONFIG_VALUE: 'A config value is wrong, missing, or its ${…} cannot be resolved.',
  CHECKPOINT_DAMAGED: 'A checkpoint or weights file is truncated, corrupt, or not of the kind expected.',
  WEIGHTS:
    'Weights to start from do not fit the network, or their file is damaged or holds more than tensors. Nothing of it was executed.',
  RUN_NOT_FOUND: 'A folder given as a training run holds none.',
  DATASET_CHANGED: 'The data on disk are not those that the run was trained on.',
  SWEEP_DIFFERS:
    'A sweep was to be continued or joined with other settings, search space or overrides than it was begun with.',
  LOSS_NOT_FINITE: 'The training loss became NaN or infinite. Checkpoints written before are kept.',
  MODEL_DAMAGED: 'An exported model is incomplete, was changed after its export, or is none.',
  MODEL_UNKNOWN: 'The registry has no model, version or alias of that name.',
  REGISTRY_DAMAGED:
    'A registry’s log, its head or a registered file was edited, removed, reordered or cut off. The message names what.',
  TRACKING_REFUSED:
    'A tracking store is none, or does not accept what is logged or asked for. Training itself goes on.',
  TRACKING_UNREACHABLE: 'A tracking store does not answer. Training itself goes on.',
  EXPORT_MISMATCH:
    'The exported ONNX file does not compute what the trained network computes; nothing was written.',
  TOKENS_INVALID: 'A file of bearer tokens holds a line that is none, or a name twice.',
  CANNOT_LISTEN: 'The server cannot take the address or port that it was told to.',
  VIDEO_TOO_LARGE: 'A video sent to the server is longer, or has larger frames, than it takes.',
} as const;

export type ErrorCode = keyof typeof ERRORS;

/**
 * A failure the user can act on. `message` says what must hold and what arrived; `hint` says what to do.
 * The command line prints both on one line and exits non-zero; a stack trace appears only with `--debug`.
 */
export class SpatterError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SpatterError';
    this.code = code;
    this.hint = hint;
  }
}

const SYSTEM: Record<string, [ErrorCode, string]> = {
  ENOENT: ['FILE_NOT_FOUND', 'check the path'],
  ENOSPC: ['DISK_FULL', 'free some space and run the same command again'],
  EDQUOT: ['DISK_FULL', 'free some of your quota and run the same command again'],
  EACCES: ['IO', 'check the permissions of the path'],
  EPERM: ['IO', 'check the permissions of the path'],
  EROFS: ['IO', 'choose a place that can be written to'],
  EIO: ['IO', 'check the disk and the path'],
  EISDIR: ['IO', 'name a file, not a folder'],
  EEXIST: ['IO', 'a file stands where a folder is needed; choose another path'],
  ENOTDIR: ['IO', 'a file stands where a folder is needed; choose another path'],
};

/** Failures of the system that are not in the table, such as EMFILE. */
const OTHER: [ErrorCode, string] = ['IO', 'check the disk and the path'];

/** Turns a Node file-system error into a {@link SpatterError} that names `path`; other values pass through unchanged. */
export function fromSystemError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const known = SYSTEM[String(error.code)] ?? ('syscall' in error ? OTHER : undefined);
  if (known === undefined) return error;
  const what = known[0] === 'FILE_NOT_FOUND' ? 'no such file or folder' : error.message;
  return new SpatterError(known[0], `${path}: ${what}`, known[1], { cause: error });
}
