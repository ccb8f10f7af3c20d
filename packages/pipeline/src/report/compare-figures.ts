// What a comparison of networks is drawn from.

/** A network's figures, as `spatter compare --json` prints them. */
export interface ComparedFigures {
  readonly model: string;
  readonly test_accuracy: number;
  readonly test_accuracy_low: number | null;
  readonly test_accuracy_high: number | null;
  /** Share of test crops with a training neighbour in their recording; null where frames are not known. */
  readonly leak_share: number | null;
  readonly epochs: number;
  readonly of_epochs: number;
  readonly params: number;
  readonly macs: number;
  readonly latency_ms: number;
  readonly latency_p99_ms: number;
  readonly model_bytes: number;
  readonly train_images_per_second: number;
}
