// The schema of the composed config: every key, its check and its words. Defaults live in conf/, never here.
import { z } from 'zod';
import {
  choice,
  flag,
  integer,
  orNull,
  orWord,
  pairOfRates,
  positives,
  real,
  text,
  texts,
} from './fields.ts';

const MONITORS = ['val_accuracy', 'val_loss', 'train_accuracy', 'train_loss'] as const;
const MODES = ['min', 'max'] as const;

const experiment = z.strictObject({
  name: text('Name of the experiment; part of the run directory.'),
  tags: texts('Free words to find the run by.'),
  notes: orNull(text('A sentence for people.')),
});

const paths = z.strictObject({
  data_root: text('Folder that holds the HDF5 files and the index CSV.'),
  run_root: text('Folder under which run directories are made.'),
  run_dir: orNull(text('This run’s directory; null: a new one under paths.run_root.')),
});

const model = z.strictObject({
  name: choice(
    [
      'lenet5',
      'lenet5_activation',
      'resnet18',
      'resnet34',
      'efficientnet_b0',
      'efficientnet_b1',
      'vit_tiny',
      'vit_small',
      'cnn',
    ],
    'Network.',
  ),
  architecture: z.strictObject({
    in_channels: orNull(
      integer(
        1,
        'Input channels. 3 with gray images means the gray plane three times; null: as the data have.',
        3,
      ),
    ),
    num_classes: orNull(
      integer(1, 'Outputs: 1 with bce_with_logits, 2 or more with cross_entropy; null: from the data.'),
    ),
    width: integer(
      1,
      'Channels of the first stage: torchvision’s ResNets have 64, its EfficientNets 32; ResNet and CNN double them stage by stage.',
      1024,
    ),
    stem: choice(
      ['imagenet', 'small'],
      'ResNet and EfficientNet: the published stem, or one that keeps the size of images up to 64 pixels.',
    ),
    depth: integer(1, 'CNN: blocks, each of which halves the image.', 8),
    kernel: integer(1, 'CNN: side of the kernels.', 15),
    norm: choice(['batch', 'none'], 'CNN: normalisation after each convolution.'),
    activation: choice(['relu', 'sigmoid', 'tanh', 'gelu', 'silu'], 'CNN: activation of each block.'),
    pooling: choice(['max', 'avg'], 'CNN: pooling at the end of each block.'),
    patch: integer(1, 'ViT: side of the patches in pixels; must divide data.resize.', 1024),
    embedding: orNull(integer(1, 'ViT: features per token; null: as published.', 4096)),
    heads: orNull(integer(1, 'ViT: attention heads; null: as published.', 64)),
    blocks: orNull(integer(1, 'ViT: transformer blocks; null: as published (12).', 64)),
    dropout: orNull(
      real(
        { min: 0, below: 1 },
        'EfficientNet, ViT, CNN: share of features dropped before the last layer; null: as published.',
      ),
    ),
    drop_path: orNull(
      real(
        { min: 0, below: 1 },
        'EfficientNet, ViT: share of images that skip the last block, earlier ones less; null: as published.',
      ),
    ),
  }),
  pretrained: orNull(
    text(
      'Weights to start from: .safetensors, or a PyTorch file (.pth, .pt, .mdl), of which nothing is executed.',
    ),
  ),
  pretrained_fit: choice(
    ['strict', 'new-head', 'partial'],
    'What must fit the network: every tensor; all but the last layer, which begins anew; or whatever does.',
  ),
});

const split = z.strictObject({
  kind: choice(
    ['random', 'time-block', 'recording'],
    'How crops are divided: shuffled one by one (leaks; for comparison with published numbers only), in blocks of time with a guard gap, or by whole recordings.',
  ),
  train: real({ above: 0, below: 1 }, 'Share of the training part; the three shares sum to 1.'),
  val: real({ min: 0, below: 1 }, 'Share of the validation part.'),
  test: real({ min: 0, below: 1 }, 'Share of the test part.'),
  seed: integer(0, 'Seed of the split, apart from `seed` so that it stays when that one changes.'),
  gap_frames: integer(0, 'Frames left out on both sides of a border between time blocks.'),
  blocks: integer(1, 'Time blocks per recording and part.'),
  group: choice(['recording', 'position', 'session', 'build', 'machine'], 'What `recording` keeps together.'),
});

const data = z.strictObject({
  root: text('Folder of the data; paths.data_root unless said otherwise.'),
  csv_filename: text('Index CSV with the columns file,dataset,ds_idx,label, under data.root.'),
  kind: choice(
    ['gray', 'rgb', 'ratio', 'idx', 'folder', 'folder-rgb'],
    'Gray crops, colour crops, gray crops drawn at a class ratio, the four IDX files of MNIST and its kin, or images in a folder per class, gray or in colour.',
  ),
  class1_ratio: orNull(
    real({ above: 0, below: 1 }, 'Share of class 1 among the training crops, for kind ratio only.'),
  ),
  resize: integer(8, 'Side of the square network input, in pixels.', 1024),
  evaluation: choice(
    ['corrected', 'legacy'],
    'Evaluation images at the training scale without rotation, or rotated as the published method did.',
  ),
  cache_dir: orNull(text('Folder of the packed cache; null: beside the data.')),
  prefetch: integer(0, 'Batches prepared ahead by the loader.', 64),
  split,
  transforms: z.strictObject({
    rotation_degrees: real({ min: 0, max: 180 }, 'Training crops turn by up to this angle either way.'),
    resize_factor: real({ min: 1, max: 4 }, 'Crops are resized to data.resize times this before turning.'),
  }),
});

const optimizer = z.strictObject({
  name: choice(
    ['adam', 'adamw', 'sgd'],
    'Adam (weight decay coupled, as in PyTorch), AdamW (decoupled) or stochastic gradient descent.',
  ),
  lr: real({ above: 0 }, 'Learning rate.'),
  weight_decay: real({ min: 0 }, 'L2 penalty added to the gradient; AdamW shrinks by lr times this.'),
  decay_norm_and_bias: flag('Whether biases and normalisation weights decay too.'),
  betas: pairOfRates('Adam: decay rates of the two moments.'),
  eps: real({ above: 0 }, 'Adam: term added to the denominator.'),
  momentum: real({ min: 0, below: 1 }, 'SGD: momentum.'),
  nesterov: flag('SGD: Nesterov’s form of momentum.'),
});

const training = z.strictObject({
  optimizer,
  loss: choice(
    ['auto', 'bce_with_logits', 'cross_entropy', 'focal'],
    'Loss over the logits; auto: the one that fits model.architecture.num_classes; focal: that one, with samples that are right already counting less.',
  ),
  class_weights: orNull(
    orWord(
      'balanced',
      positives(
        'What a training sample of each class counts, by class; balanced: rare classes more, so that all classes weigh the same; null: all samples the same.',
      ),
    ),
  ),
  focal_gamma: real({ min: 0 }, 'Focal loss: how strongly samples that are right already are played down.'),
  label_smoothing: real(
    { min: 0, below: 1 },
    'Share of every training label that is spread evenly over the classes.',
  ),
  mixup_alpha: real(
    { min: 0 },
    'Mixup: training images are blended in pairs, and their labels with them, by a share drawn from Beta(α, α); 0: none.',
  ),
  cutmix_alpha: real(
    { min: 0 },
    'CutMix: training images swap a rectangle in pairs, of a size drawn from Beta(α, α); 0: none. With mixup too: a coin per batch.',
  ),
  epochs: integer(1, 'Passes over the training part, at most.'),
  batch_size: integer(1, 'Crops per batch.'),
  accumulate: integer(
    1,
    'Batches whose gradients make one optimiser step: as batches so many times as large, in the memory of one.',
  ),
  steps_per_run: orNull(
    integer(
      1,
      'Batches that are trained in one call of the network, with the same result as one by one; null: 1 on the processor, 8 on devices with memory of their own, 1 with training.accumulate.',
      1024,
    ),
  ),
  precision: choice(
    ['fp32', 'fp16'],
    'How convolutions and matrix products are computed in training. fp16: in half precision with dynamic loss scaling; meant for GPUs, slower on the processor. Weights, optimiser, sums, normalisation, softmax and losses are float32 in either, and so are validation and export.',
  ),
  autotune: flag(
    'Time equal forms of each convolution and its gradients on this machine and take the quickest, as torch.backends.cudnn.benchmark; what was chosen is kept in the run and in the user’s cache folder. false: shapes decide, the same on every machine.',
  ),
  ema: z.strictObject({
    enabled: flag('Keep a moving average of the weights and statistics beside them.'),
    decay: real({ min: 0, below: 1 }, 'Weight of the past at every optimiser step.'),
    warmup: flag('Begin with a small weight of the past: at most (1 + step) / (10 + step).'),
    use: flag('Validate, evaluate and export the averaged weights instead of the last ones.'),
  }),
  checkpoint: z.strictObject({
    save_every: integer(0, 'Keep a checkpoint every this many epochs; 0: never.'),
    save_best: flag('Keep the checkpoint with the best monitored value.'),
    top_k: integer(0, 'How many best checkpoints stay.'),
    monitor: choice(MONITORS, 'Value that ranks checkpoints.'),
    mode: choice(MODES, 'Whether the monitored value is to be small or large.'),
    every_n_batches: orNull(integer(1, 'Write resumable state inside an epoch after this many batches.')),
  }),
  early_stopping: z.strictObject({
    enabled: flag('Stop when the monitored value no longer improves.'),
    patience: integer(0, 'Epochs without improvement that are tolerated.'),
    monitor: choice(MONITORS, 'Value that is watched.'),
    mode: choice(MODES, 'Whether the monitored value is to be small or large.'),
    min_delta: real({ min: 0 }, 'Smallest change that counts as an improvement.'),
  }),
  scheduler: z.strictObject({
    enabled: flag('Change the learning rate while training.'),
    name: choice(
      ['reduce_on_plateau', 'step', 'cosine', 'one_cycle'],
      'Schedule: drops when a value no longer improves, drops every few epochs, a warm-up and half a cosine, or one rise and fall.',
    ),
    monitor: choice(MONITORS, 'reduce_on_plateau: value that is watched.'),
    mode: choice(MODES, 'reduce_on_plateau: whether the monitored value is to be small or large.'),
    patience: integer(0, 'reduce_on_plateau: epochs without improvement before the rate drops.'),
    factor: real({ above: 0, below: 1 }, 'reduce_on_plateau, step: the rate is multiplied by this.'),
    min_lr: real({ min: 0 }, 'reduce_on_plateau, cosine: the rate does not drop below this.'),
    step_epochs: integer(1, 'step: epochs between two drops.'),
    warmup_epochs: real(
      { min: 0 },
      'cosine: epochs, or parts of one, in which the rate rises to training.optimizer.lr.',
    ),
    rising: real({ above: 0, below: 1 }, 'one_cycle: share of the training in which the rate rises.'),
    start_divisor: real({ above: 0 }, 'one_cycle: the rate begins at training.optimizer.lr divided by this.'),
    end_divisor: real({ above: 0 }, 'one_cycle: the rate ends at where it began divided by this.'),
  }),
  grad_clip: z.strictObject({
    enabled: flag('Limit gradients.'),
    by: choice(['norm', 'value'], 'Scale all down when their norm is too large, or cut every entry.'),
    max_norm: real({ above: 0 }, 'By norm: largest L2 norm over all gradients.'),
    max_value: real({ above: 0 }, 'By value: largest magnitude of an entry.'),
  }),
  log_every: integer(1, 'Batches between two logged values of the running loss and accuracy.'),
});

const extraction = z.strictObject({
  start_frame: integer(0, 'First frame that is looked at.'),
  left_bound: integer(0, 'Left edge of the region, in pixels.'),
  right_bound: orNull(
    integer(1, 'Right edge of the region (exclusive), in pixels; null: the frame’s width.'),
  ),
  min_area: real({ min: 0 }, 'Smallest contour area that is kept, in square pixels.'),
  max_area: real({ min: 0 }, 'Largest contour area that is kept, in square pixels.'),
  threshold: integer(0, 'Difference between frames, in gray levels, above which a pixel moves.', 255),
  capture: flag('Write the crops; without it only the frame log is written.'),
  debug: flag('Stop after the first HDF5 dataset of 10 000 crops.'),
  decoder: choice(['auto', 'node-av', 'ffmpeg'], 'Video decoder: the FFmpeg binding, or the ffmpeg program.'),
  layer_gap: integer(1, 'Frames without spatter after which a new layer begins.'),
  layer_times: orNull(text('CSV of layer times from the machine (layer,start_s,end_s), instead of the gap.')),
  mode: choice(
    ['corrected', 'legacy'],
    'corrected: crops that show nothing are kept apart; legacy: among the others.',
  ),
  reject_edges: flag('Leave out spatter that touches a bound or the frame’s edge.'),
  flow_direction: real(
    {},
    'Where the gas blows in the picture, degrees: 0 towards larger x, 90 towards larger y.',
  ),
});

const tracking = z.strictObject({
  enabled: flag('Whether `spatter train` and what follows it log to a tracking store.'),
  uri: orNull(
    text(
      'Where: sqlite:///FILE.db, http://HOST:PORT or spool:FOLDER; null: the variable MLFLOW_TRACKING_URI, else sqlite:///mlflow.db in the working directory.',
    ),
  ),
  experiment: orNull(
    text('Experiment in the store; null: the variable MLFLOW_EXPERIMENT_NAME, else experiment.name.'),
  ),
  run_name: orNull(text('Name of the run in the store; null: that of its directory.')),
  checkpoints: choice(['best', 'all', 'none'], 'Checkpoints that are kept among the run’s artifacts.'),
});

/** Schema of the whole composed config. Strict: keys that are not here fail. */
export const configSchema = z.strictObject({
  experiment,
  seed: integer(0, 'Seed of everything random: weights, order of batches, augmentation.', 2 ** 32 - 1),
  device: choice(['auto', 'cpu', 'cuda', 'mps', 'webgpu'], 'Where the network runs.'),
  threads: orNull(integer(1, 'CPU threads of the network; null: all cores.')),
  paths,
  model,
  data,
  training,
  extraction,
  tracking,
});

type DeepReadonly<T> = T extends readonly unknown[]
  ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** The composed, checked config. Frozen all the way down. */
export type Config = DeepReadonly<z.infer<typeof configSchema>>;
