// What every model of the catalogue takes: `model.architecture` of the config. Each reads what concerns it.

export interface ModelOptions {
  /** Channels the parameters expect. Gray images (one channel) may be fed to a model of three: they are taken as repeated. */
  readonly in_channels: number;
  /** Number of logits; 1 for two classes under binary cross-entropy. */
  readonly num_classes: number;
}
