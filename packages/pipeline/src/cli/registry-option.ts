// The option of every command that knows models by their registered names.
import { Option } from 'commander';

/** `--registry <dir>`; the environment's SPATTER_REGISTRY stands in for it. */
export function registryOption(): Option {
  return new Option('--registry <dir>', 'folder of the model registry')
    .env('SPATTER_REGISTRY')
    .default('registry');
}
