// Names of registered models: `models:/NAME@ALIAS` and `models:/NAME/VERSION`, as MLflow writes them.
import { SpatterError } from '../util/errors.ts';
import { Registry, type RegisteredVersion } from './registry.ts';

const URI = /^models:\/{1,3}(?<name>[^/@]+)(?:@(?<alias>[^/@]+)|\/(?<version>\d+))$/;

/** True for anything that is meant as such a name. */
export function isModelUri(text: string): boolean {
  return text.startsWith('models:');
}

/**
 * The version that `uri` stands for in the registry at `root`.
 * @throws {SpatterError} USAGE for another form, MODEL_UNKNOWN, REGISTRY_DAMAGED.
 */
export function resolveModelUri(uri: string, root: string): RegisteredVersion {
  const { name, alias, version } = URI.exec(uri)?.groups ?? {};
  if (name === undefined) {
    const message = `a registered model must be named models:/NAME@ALIAS or models:/NAME/VERSION, got ${uri}`;
    throw new SpatterError('USAGE', message, 'for example models:/line-3@champion');
  }
  const registry = Registry.open(root);
  return alias === undefined ? registry.version(name, Number(version)) : registry.aliased(name, alias);
}
