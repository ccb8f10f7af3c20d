// What `model.json` holds: all it takes to use an exported model, and all that qualifies its score.
import { z } from 'zod';

const range = z.strictObject({
  low: z.number(),
  high: z.number(),
  typical_low: z.number(),
  typical_high: z.number(),
});

/** The rules by which the crops were cut; `predict` cuts by the same unless told otherwise. */
const extraction = z.strictObject({
  min_area: z.number(),
  max_area: z.number(),
  threshold: z.int(),
  layer_gap: z.int(),
});

const preprocessing = z.strictObject({
  /** Crops pass through a JPEG of this quality, as those trained on did; null for images that are no crops. */
  jpeg_quality: z.literal(95).nullable(),
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Side of the square a crop is resized to, and of the centre cut from it, in pixels. */
  resize: z.int().positive(),
  crop: z.int().positive(),
  /** Images smaller than that square stand in its middle on black instead of being enlarged; as those of IDX files did in training. */
  pad: z.literal(true).optional(),
});

/** Logits divided by `temperature` give probabilities that mean what they say; it is part of the ONNX graph. */
const calibration = z.strictObject({
  temperature: z.number().positive(),
  fitted_on: z.literal('val'),
  samples: z.int(),
  /** Nats per sample on the samples it was fitted on. */
  log_loss_before: z.number(),
  log_loss_after: z.number(),
});

/** What the crops that the model knows look like; null where nothing was measured. */
const domain = z.strictObject({
  samples: z.int(),
  /** Ranges of each feature, by its name, for single samples and for the median of many. */
  features: z.record(z.string(), range),
  /** Share of crops outside on the validation split. */
  outside_share: z.number(),
});

const goldenCrop = z.strictObject({
  /** Below the model's folder. */
  file: z.string(),
  sha256: z.string(),
  logits: z.array(z.number()).min(1),
  probability: z.array(z.number()).min(1),
  decision: z.int(),
});

export const modelCard = z.strictObject({
  format: z.literal('spatter model'),
  version: z.literal(2),
  name: z.string(),
  /** SHA-256 of model.onnx. */
  onnx_sha256: z.string(),
  preprocessing,
  extraction: extraction.nullable(),
  /** A crop is called class 1 when its probability is above this. */
  threshold: z.number().min(0).max(1),
  /** Names of the classes, in order. */
  labels: z.array(z.string()).min(2),
  calibration,
  domain: domain.nullable(),
  dataset_hash: z.string(),
  /** How train, validation and test were divided; as `spatter evaluate` writes it. */
  split: z.record(z.string(), z.unknown()),
  /** Results on the test split, with everything that qualifies them; as `spatter evaluate --json` prints them. */
  evaluation: z.record(z.string(), z.unknown()),
  /** How the results were measured, in words, for the reports. */
  measured: z.array(z.strictObject({ topic: z.string(), text: z.string(), warn: z.boolean().optional() })),
  /** Versions of the programs that made it. */
  libraries: z.record(z.string(), z.string()),
  /** Terms of use, such as an SPDX identifier. */
  licence: z.string(),
  /** Inputs with the outputs they must give, run whenever the model is opened. */
  golden: z.array(goldenCrop),
  /** SHA-256 of each part, so that a change names itself. */
  seal: z.record(z.string(), z.string()),
});

/** Contents of `model.json`. */
export type ModelCard = z.infer<typeof modelCard>;

export type GoldenCrop = ModelCard['golden'][number];
