// Reads the model that a server is told to serve: a folder, or a name in a registry that may mean another version tomorrow.
import { readModel } from '../infer/open-model.ts';
import { isModelUri, resolveModelUri } from '../registry/model-uri.ts';
import type { NamedModel } from './model-host.ts';

/**
 * Reads `reference` and checks its hashes.
 * @throws {SpatterError} as `readModel`.
 */
export function readNamedModel(reference: string, registry: string): NamedModel {
  if (!isModelUri(reference)) return { model: readModel(reference, registry), reference, version: null };
  // An alias may move between two looks at it: the version is looked up once.
  const { model: name, version } = resolveModelUri(reference, registry);
  return { model: readModel(`models:/${name}/${version}`, registry), reference, version };
}
