// An exported model on disk: `model.onnx`, its card `model.json`, golden crops, and the files that make it a model of MLflow's.
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFilesAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import { mlflowFiles } from './mlflow-files.ts';
import { modelCard, type ModelCard } from './model-card.ts';
import { brokenPart, sealOf, sha256 } from './seal.ts';
import { readBytes } from '../util/read-file.ts';

export type { ModelCard } from './model-card.ts';

/** Largest difference allowed between the probabilities of an exported file and of the trained network. */
export const EXPORT_TOLERANCE = 1e-5;

export interface ExportedModel {
  readonly folder: string;
  readonly card: ModelCard;
  readonly onnx: Uint8Array;
  /** Bytes of the golden crops, in the card's order. */
  readonly golden: readonly Uint8Array[];
}

type Unsealed = Omit<ModelCard, 'format' | 'version' | 'onnx_sha256' | 'seal'>;

/** Makes the model that {@link writeExportedModel} writes: the card gets its hashes. */
export function sealModel(
  folder: string,
  onnx: Uint8Array,
  card: Unsealed,
  golden: readonly Uint8Array[],
): ExportedModel {
  const named = { format: 'spatter model' as const, version: 2 as const, onnx_sha256: sha256(onnx), ...card };
  return { folder, onnx, golden, card: { ...named, seal: sealOf(named) } };
}

/** Writes the files of an exported model; the card last, so that a folder with a card is complete. */
export function writeExportedModel(model: ExportedModel): void {
  const { folder, onnx, golden, card } = model;
  writeFilesAtomic([
    [join(folder, 'model.onnx'), onnx],
    ...card.golden.map(({ file }, i) => [join(folder, file), golden[i]!] as const),
    ...Object.entries(mlflowFiles(card)).map(([name, text]) => [join(folder, name), text] as const),
    [join(folder, 'model.json'), `${JSON.stringify(card, null, 2)}\n`],
  ]);
}

/** The files of an exported model below its folder, with a slash between names; the card last. */
export function modelFiles({ card }: ExportedModel): string[] {
  const golden = card.golden.map(({ file }) => file);
  return ['model.onnx', ...golden, ...Object.keys(mlflowFiles(card)), 'model.json'];
}

/**
 * Reads an exported model from its folder, or from the path of its `model.onnx`, and checks every hash.
 * @throws {SpatterError} FILE_NOT_FOUND or MODEL_DAMAGED; the line names the part that was touched.
 */
export function readExportedModel(path: string): ExportedModel {
  const folder = existsSync(path) && statSync(path).isFile() ? dirname(path) : path;
  requireBoth(path, folder);
  const at = join(folder, 'model.json');
  const card = parseCard(at);
  const onnx = readBytes(join(folder, 'model.onnx'));
  if (sha256(onnx) !== card.onnx_sha256) {
    const what =
      'must be the file that model.json describes, but its SHA-256 differs: the weights were touched';
    throw damaged(join(folder, 'model.onnx'), what);
  }
  const broken = brokenPart(card);
  if (broken !== undefined) throw touched(at, broken);
  return { folder, card, onnx, golden: card.golden.map((each) => readGolden(folder, each)) };
}

function readGolden(folder: string, { file, sha256: wanted }: ModelCard['golden'][number]): Uint8Array {
  const path = join(folder, file);
  if (!existsSync(path)) throw damaged(folder, `must hold its golden crops, but has no ${file}`);
  const bytes = readBytes(path);
  if (sha256(bytes) === wanted) return bytes;
  throw damaged(path, 'must be the golden crop that model.json describes, but its SHA-256 differs');
}

/** The refusal of a model in which `part` is not what was exported. */
export function touched(where: string, part: string): SpatterError {
  return damaged(where, `must be as it was exported, but its ${part} ${plural(part)} touched`);
}

const plural = (part: string): string => (/s$/.test(part) ? 'were' : 'was');

function requireBoth(path: string, folder: string): void {
  if (!existsSync(path)) {
    throw new SpatterError('FILE_NOT_FOUND', `${path}: no such file or folder`, 'check --model');
  }
  const lacking = ['model.json', 'model.onnx'].find((name) => !existsSync(join(folder, name)));
  if (lacking !== undefined) throw damaged(folder, `must be an exported model, but has no ${lacking}`);
}

/** Whether the model tells low from high gas flow; else it tells classes apart, whatever they are. */
export function tellsGasFlow({ extraction, labels }: Pick<ModelCard, 'extraction' | 'labels'>): boolean {
  return extraction !== null && labels.length === 2;
}

/**
 * The rules by which `predict` cuts crops for `model`.
 * @throws {SpatterError} USAGE for a model that was not trained on crops.
 */
export function extractionRules({ card, folder }: ExportedModel): NonNullable<ModelCard['extraction']> {
  if (card.extraction !== null) return card.extraction;
  const message = `${folder} must hold a model of spatter crops to judge videos with, but it tells ${card.labels.length} classes of images apart (${card.labels.slice(0, 3).join(', ')} …)`;
  const hint =
    'give it images or HDF5 crops (`spatter extract` cuts them), or name the export of a run on extracted crops';
  throw new SpatterError('USAGE', message, hint);
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
    return JSON.parse(Buffer.from(readBytes(path)).toString());
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, `must be JSON, but ${error.message}`);
    throw error;
  }
}

function damaged(path: string, what: string): SpatterError {
  return new SpatterError(
    'MODEL_DAMAGED',
    `${path} ${what}`,
    'name a folder that `spatter export` wrote, or export the run again',
  );
}
