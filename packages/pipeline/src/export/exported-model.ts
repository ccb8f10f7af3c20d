// An exported model: `model.onnx` and, in `model.json`, all it takes to use it: preprocessing, threshold, labels, scores.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeFilesAtomic } from '../util/atomic.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';

/** Largest difference allowed between the probabilities of an exported file and of the trained network. */
export const EXPORT_TOLERANCE = 1e-5;

const modelCard = z.strictObject({
  format: z.literal('spatter model'),
  version: z.literal(1),
  name: z.string(),
  /** SHA-256 of model.onnx. */
  onnx_sha256: z.string(),
  preprocessing: z.strictObject({
    /** Crops pass through a JPEG of this quality, as those trained on did; null for images that are no crops. */
    jpeg_quality: z.literal(95).nullable(),
    channels: z.union([z.literal(1), z.literal(3)]),
    /** Side of the square a crop is resized to, and of the centre cut from it, in pixels. */
    resize: z.int().positive(),
    crop: z.int().positive(),
  }),
  /** The rules by which the crops were cut; `predict` cuts by the same unless told otherwise. Null: trained on no crops. */
  extraction: z
    .strictObject({
      min_area: z.number(),
      max_area: z.number(),
      threshold: z.int(),
      layer_gap: z.int(),
    })
    .nullable(),
  /** A crop is called class 1 when its probability is above this. */
  threshold: z.number().min(0).max(1),
  /** Names of the classes, in order. */
  labels: z.array(z.string()).min(2),
  dataset_hash: z.string(),
  /** Results on the test split, with everything that qualifies them; as `spatter evaluate --json` prints them. */
  evaluation: z.record(z.string(), z.unknown()),
  /** How the results were measured, in words, for the reports. */
  measured: z.array(z.strictObject({ topic: z.string(), text: z.string(), warn: z.boolean().optional() })),
});

/** Contents of `model.json`. */
export type ModelCard = z.infer<typeof modelCard>;

export interface ExportedModel {
  readonly folder: string;
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Writes the two files of an exported model; the card last, so that a folder with a card is complete. */
export function writeExportedModel(
  folder: string,
  onnx: Uint8Array,
  card: Omit<ModelCard, 'format' | 'version' | 'onnx_sha256'>,
): ExportedModel {
  const full: ModelCard = { format: 'spatter model', version: 1, onnx_sha256: sha256(onnx), ...card };
  writeFilesAtomic([
    [join(folder, 'model.onnx'), onnx],
    [join(folder, 'model.json'), `${JSON.stringify(full, null, 2)}\n`],
  ]);
  return { folder, card: full, onnx };
}

/**
 * Reads an exported model from its folder, or from the path of its `model.onnx`.
 * @throws {SpatterError} FILE_NOT_FOUND or MODEL_DAMAGED.
 */
export function readExportedModel(path: string): ExportedModel {
  const folder = existsSync(path) && statSync(path).isFile() ? dirname(path) : path;
  requireBoth(path, folder);
  const card = parseCard(join(folder, 'model.json'));
  const onnx = read(join(folder, 'model.onnx'));
  if (sha256(onnx) === card.onnx_sha256) return { folder, card, onnx };
  throw damaged(
    join(folder, 'model.onnx'),
    'must be the file that model.json describes, but its SHA-256 differs',
  );
}

function requireBoth(path: string, folder: string): void {
  if (!existsSync(path)) {
    throw new SpatterError('FILE_NOT_FOUND', `${path}: no such file or folder`, 'check --model');
  }
  const lacking = ['model.json', 'model.onnx'].find((name) => !existsSync(join(folder, name)));
  if (lacking !== undefined) throw damaged(folder, `must be an exported model, but has no ${lacking}`);
}

/**
 * The rules by which `predict` cuts crops for `model`.
 * @throws {SpatterError} USAGE for a model that was not trained on crops.
 */
export function extractionRules({ card, folder }: ExportedModel): NonNullable<ModelCard['extraction']> {
  if (card.extraction !== null) return card.extraction;
  const message = `${folder} must hold a model of spatter crops to judge videos with, but it tells ${card.labels.length} classes of images apart (${card.labels.slice(0, 3).join(', ')} …)`;
  throw new SpatterError('USAGE', message, 'name the export of a run on extracted crops');
}

function parseCard(path: string): ModelCard {
  const parsed = modelCard.safeParse(parseJson(path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw damaged(
    path,
    `must describe an exported model, but ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(Buffer.from(read(path)).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, `must be JSON, but ${error.message}`);
    throw error;
  }
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fromSystemError(error, path);
  }
}

function damaged(path: string, what: string): SpatterError {
  return new SpatterError(
    'MODEL_DAMAGED',
    `${path} ${what}`,
    'name a folder that `spatter export` wrote, or export the run again',
  );
}
