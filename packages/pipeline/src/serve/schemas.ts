// The API's answers: one zod schema each, from which the OpenAPI document and the types come.
import { z } from '@hono/zod-openapi';

export const problemSchema = z
  .object({
    type: z.string().openapi({ description: 'Link to what the problem means.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'What must hold and what arrived.' }),
    request_id: z.string().optional(),
  })
  .openapi('Problem', { description: 'Problem details as RFC 9457 defines them.' });

const modelName = z.object({
  name: z.string(),
  onnx_sha256: z.string().openapi({ description: 'Identifies the weights.' }),
});

export const predictionSchema = z
  .object({
    class: z.int().openapi({ description: 'Index of the class decided for.' }),
    label: z.string().openapi({ description: 'Its name.' }),
    probability: z.number().nullable().openapi({
      description:
        'Probability of class 1, which is decided for above the threshold. Null with more than two classes.',
    }),
    probabilities: z.array(z.number()).openapi({ description: 'By class, calibrated.' }),
    outlying: z
      .object({ feature: z.string(), side: z.enum(['below', 'above']) })
      .nullable()
      .openapi({
        description:
          'In what the image is unlike those that the model knows, so that its answer is worth less.',
      }),
  })
  .openapi('Prediction');

export const predictionsSchema = z
  .object({
    model: modelName,
    predictions: z.array(predictionSchema).openapi({ description: 'One for each image, in order.' }),
  })
  .openapi('Predictions');

export const modelSchema = modelName
  .extend({
    reference: z.string().openapi({ description: 'What the server was told to serve.' }),
    version: z.int().nullable().openapi({ description: 'In the registry; null for a folder.' }),
    labels: z.array(z.string()),
    threshold: z.number(),
    preprocessing: z.object({
      jpeg_quality: z.number().nullable(),
      channels: z.int(),
      resize: z.int(),
      crop: z.int(),
    }),
    judges_videos: z.boolean(),
    calibration: z.object({ temperature: z.number() }),
    licence: z.string(),
    dataset_hash: z.string(),
    evaluation: z.record(z.string(), z.unknown()),
    measured: z.array(z.object({ topic: z.string(), text: z.string(), warn: z.boolean().optional() })),
    loaded_at: z.string().openapi({ format: 'date-time' }),
    batches: z.boolean().openapi({
      description:
        'Whether images of several requests run together: only where each gives the bits that it gives alone.',
    }),
  })
  .openapi('Model');

export const modelsSchema = z.object({ models: z.array(modelSchema) }).openapi('Models');

export const reloadSchema = z
  .object({
    changed: z.boolean().openapi({ description: 'False when the same model was found.' }),
    model: modelName,
  })
  .openapi('Reload');

export const healthSchema = z.object({ status: z.string() }).openapi('Health');

export const JOB_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

export const jobSchema = z
  .object({
    id: z.string(),
    state: z.enum(JOB_STATES),
    video: z.string().openapi({ description: 'Name given with the upload.' }),
    bytes: z.int(),
    created_at: z.string().openapi({ format: 'date-time' }),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    progress: z.object({
      frames: z.int().openapi({ description: 'Frames judged so far.' }),
      of: z
        .int()
        .nullable()
        .openapi({ description: 'Frames announced by the video; null when it does not say.' }),
    }),
    verdict: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: 'As `spatter predict` writes it; null until done.' }),
    problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
    links: z
      .record(z.string(), z.string())
      .openapi({ description: '`self`, and once done `verdict`, `layers`, `crops` and `report`.' }),
  })
  .openapi('VideoJob');

export const jobsSchema = z.object({ jobs: z.array(jobSchema) }).openapi('VideoJobs');

export type Prediction = z.infer<typeof predictionSchema>;
export type Predictions = z.infer<typeof predictionsSchema>;
export type JobState = (typeof JOB_STATES)[number];
export type JobView = z.infer<typeof jobSchema>;
