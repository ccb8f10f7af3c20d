// Which overrides would make a network that a file of weights fits: for the hint of a refusal.
import type { Model, State } from '@spatter/tensor';
import { brokenRule, type Config } from '../config/index.ts';
import { MODELS } from '../models/catalogue.ts';
import { buildModel } from './build.ts';

/** What decides the names and shapes of a network, under the key of its override. */
interface Choice {
  readonly model: Config['model']['name'];
  readonly 'model.architecture.stem': Config['model']['architecture']['stem'];
  readonly 'model.architecture.width': number;
  readonly 'model.architecture.in_channels': number | null;
  readonly 'model.architecture.patch': number;
  readonly 'data.resize': number;
}

const choiceOf = ({ model: { name, architecture }, data }: Config): Choice => ({
  model: name,
  'model.architecture.stem': architecture.stem,
  'model.architecture.width': architecture.width,
  'model.architecture.in_channels': architecture.in_channels,
  'model.architecture.patch': architecture.patch,
  'data.resize': data.resize,
});

function chosen({ model, data, ...config }: Config, choice: Choice): Config {
  const architecture = {
    ...model.architecture,
    stem: choice['model.architecture.stem'],
    width: choice['model.architecture.width'],
    in_channels: choice['model.architecture.in_channels'],
    patch: choice['model.architecture.patch'],
  };
  return {
    ...config,
    model: { ...model, name: choice.model, architecture },
    data: { ...data, resize: choice['data.resize'] },
  };
}

/** Side of the patches and of the images that a ViT's weights are of. */
function patchesIn(weights: State): Partial<Choice> {
  const patch = weights.get('patch_embed.proj.weight')?.shape.at(-1);
  const tokens = weights.get('pos_embed')?.shape[1];
  if (patch === undefined || tokens === undefined) return {};
  return { 'model.architecture.patch': patch, 'data.resize': Math.round(Math.sqrt(tokens - 1)) * patch };
}

/** Channels of the first stage; the EfficientNets round theirs, so that only the published width is looked for. */
function widthIn(weights: State): Partial<Choice> {
  const first = weights.get('conv1.weight') ?? weights.get('blocks.0.conv.weight');
  const width = weights.has('features.0.0.weight') ? 32 : first?.shape[0];
  return width === undefined ? {} : { 'model.architecture.width': width };
}

/** Every network that the file could be of, the one of the config and its options first. */
function candidates(config: Config, weights: State): Choice[] {
  const own = choiceOf(config);
  const others = (Object.keys(MODELS) as Choice['model'][]).filter((name) => name !== own.model);
  return [own.model, ...others].flatMap((model) =>
    (['imagenet', 'small'] as const).flatMap((stem) =>
      [1, 3].map((channels) => ({
        ...own,
        ...patchesIn(weights),
        ...widthIn(weights),
        model,
        'model.architecture.stem': stem,
        'model.architecture.in_channels': channels,
      })),
    ),
  );
}

/** True when the file has the network's tensors in their shapes and no others, whatever the shape of the last layer. */
function fits({ parameters, buffers, counters }: Model, weights: State): boolean {
  const own = new Set([...parameters, ...buffers].map(({ name }) => name).concat(counters));
  const body = parameters.slice(0, -2);
  return (
    body.every(({ name, shape }) => weights.get(name)?.shape.join() === shape.join()) &&
    [...weights.keys()].every((name) => own.has(name))
  );
}

/** What `model=NAME` sets beside the name, as in conf/model. */
function defaultsOf(model: Choice['model']): Partial<Choice> {
  if (model.startsWith('vit')) return { 'model.architecture.patch': 4 };
  const width = model.startsWith('resnet') ? 64 : 32;
  return { 'model.architecture.stem': 'small', 'model.architecture.width': width };
}

/** What differs between the config and `choice`, as one types it. */
function overrides(config: Config, choice: Choice): string[] {
  const own = choiceOf(config);
  const switched = choice.model !== own.model;
  const base = switched ? { ...own, ...defaultsOf(choice.model), model: choice.model } : own;
  const changes = (Object.keys(choice) as (keyof Choice)[])
    .filter((key) => choice[key] !== base[key])
    .map((key) => `${key}=${String(choice[key])}`);
  return [...(switched ? [`model=${choice.model}`] : []), ...changes];
}

/**
 * What to type after the config's own overrides so that `weights` fit, the last layer aside: the fewest changes that do, none
 * when they fit already, undefined when no network of the catalogue takes them.
 */
export function fittingOverrides(config: Config, weights: State): string[] | undefined {
  const fitting = candidates(config, weights)
    .filter((choice) => {
      const config_ = chosen(config, choice);
      return brokenRule(config_) === undefined && fits(buildModel(config_), weights);
    })
    .map((choice) => overrides(config, choice));
  return fitting.sort((a, b) => a.length - b.length)[0];
}
