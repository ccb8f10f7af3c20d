// The works that training benches time: network, images, batch, loss. And how a side of them is told what to do.
import type { DeviceName, Precision } from '@spatter/tensor';

export interface TrainingWork {
  /** Name in the catalogue of models. */
  readonly model: string;
  readonly architecture: Readonly<Record<string, number>>;
  readonly inputShape: readonly [channels: number, height: number, width: number];
  readonly batch: number;
  /** What our names of the parameters have before PyTorch's; missing where the peer's network has other names or draws masks of its own. */
  readonly prefix?: string;
}

/** One line per bench; the Python side knows the same networks by the same names. All train with Adam. */
export const TRAINING_WORKS = {
  'train-lenet5': {
    model: 'lenet5',
    architecture: { in_channels: 3, num_classes: 1 },
    inputShape: [1, 32, 32],
    batch: 1024,
    prefix: 'model.',
  },
  'train-resnet18': {
    model: 'resnet18',
    architecture: { in_channels: 3, num_classes: 2 },
    inputShape: [3, 64, 64],
    batch: 128,
    prefix: '',
  },
  'train-efficientnet-b0': {
    model: 'efficientnet_b0',
    architecture: { in_channels: 3, num_classes: 2 },
    inputShape: [3, 64, 64],
    batch: 64,
  },
  'train-vit-tiny': {
    model: 'vit_tiny',
    architecture: { in_channels: 3, num_classes: 2, image: 64, patch: 8 },
    inputShape: [3, 64, 64],
    batch: 128,
  },
} as const satisfies Record<string, TrainingWork>;

export type TrainingWorkName = keyof typeof TRAINING_WORKS;

/** What our side is told, as JSON. */
export interface SideOptions {
  readonly work: TrainingWorkName;
  readonly device: DeviceName;
  readonly threads: number;
  /** Steps of a round. */
  readonly steps: number;
  /** Steps of one run of ONNX Runtime. */
  readonly stepsPerRun: number;
  /** Images of a step; the work's own when left out. */
  readonly batch?: number;
  readonly precision?: Precision;
  /** Where the first weights are written, for the peer to begin with. */
  readonly weights?: string;
}

/** Steps whose losses both sides compare: before and after one update. Later ones of deep networks differ by rounding alone. */
export const COMPARED = 2;
