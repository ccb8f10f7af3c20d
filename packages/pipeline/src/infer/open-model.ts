// Opens a model by its path or its name in a registry; it comes only when its hashes hold and its golden crops pass.
import { readExportedModel, type ExportedModel } from '../export/exported-model.ts';
import { isModelUri, resolveModelUri } from '../registry/model-uri.ts';
import { requireUntouched } from '../registry/verify.ts';
import type { Classifier } from './classifier.ts';
import { openProven } from './golden-crops.ts';

export interface OpenModelOptions {
  /** Folder of the registry that names stand for. */
  readonly registry: string;
  /** Null leaves the choice to ONNX Runtime. */
  readonly threads?: number | null;
}

/**
 * Opens `model`: a folder that `spatter export` wrote, its `model.onnx`, `models:/NAME@ALIAS` or `models:/NAME/VERSION`.
 * @throws {SpatterError} FILE_NOT_FOUND; MODEL_DAMAGED naming what was touched; MODEL_UNKNOWN, REGISTRY_DAMAGED.
 */
export async function openModel(model: string, options: OpenModelOptions): Promise<Classifier> {
  return openProven(readModel(model, options.registry), options.threads ?? null);
}

/** Reads `model` as {@link openModel} does and checks its hashes, without running it. */
export function readModel(model: string, registry: string): ExportedModel {
  if (!isModelUri(model)) return readExportedModel(model);
  const version = resolveModelUri(model, registry);
  const read = readExportedModel(version.folder);
  requireUntouched(registry, version);
  return read;
}
