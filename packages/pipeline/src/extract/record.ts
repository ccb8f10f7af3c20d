// The record of one extraction, `<video>_extraction.json`: its ledger, everything that decided the result, and its files' digests.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FACTS, type Fact } from '../store/recording-facts.ts';
import { SpatterError } from '../util/errors.ts';
import { MODES, REJECTIONS } from './rules.ts';

const count = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);

const parameters = z.strictObject({
  mode: z.enum(MODES),
  start_frame: count,
  left_bound: count,
  right_bound: count,
  min_area: z.number(),
  max_area: z.number(),
  threshold: count,
  reject_edges: z.boolean(),
  /** Null where layer times were given. */
  layer_gap: count.nullable(),
  /** SHA-256 of the table of layer times. */
  layer_times: digest.nullable(),
  flow_direction: z.number(),
  capture: z.boolean(),
  max_crops: count.nullable(),
  decoder: z.string(),
});

const facts = z.strictObject(
  Object.fromEntries(FACTS.map((fact) => [fact, z.string().optional()])) as Record<
    Fact,
    z.ZodOptional<z.ZodString>
  >,
);

const recordSchema = z.strictObject({
  format: z.literal(1),
  spatter: z.string(),
  input: z.strictObject({
    file: z.string(),
    bytes: count,
    sha256: digest,
    width: count,
    height: count,
    fps: z.number(),
    codec: z.string(),
    frames_announced: count.nullable(),
  }),
  /** What a manifest told of the recording; left out where it told nothing. */
  facts: facts.optional(),
  parameters,
  /** in_file = decoded + unreadable; decoded = with_spatter + without_spatter + last, which has no later neighbour. */
  frames: z.strictObject({
    in_file: count,
    decoded: count,
    with_spatter: count,
    without_spatter: count,
    last: count,
    unreadable: count,
  }),
  /** found = kept + black + over_limit + the rejected. Black crops are quarantined (mode corrected) or among the kept (legacy). */
  contours: z.strictObject({
    found: count,
    kept: count,
    black: count,
    over_limit: count,
    rejected: z.strictObject(
      Object.fromEntries(REJECTIONS.map((reason) => [reason, count])) as Record<
        (typeof REJECTIONS)[number],
        typeof count
      >,
    ),
  }),
  layers: count,
  tracks: count,
  datasets: z.array(z.strictObject({ name: z.string(), rows: count })),
  damage: z.strictObject({ at_frame: count, count, message: z.string() }).nullable(),
  /** SHA-256 of each file, by its path relative to the record's folder. */
  files: z.record(z.string(), digest),
  /** SHA-256 of the record without this line, as JSON without spaces; records of earlier versions have none. */
  record_sha256: digest.optional(),
});

export type ExtractionParameters = z.infer<typeof parameters>;
export type ExtractionRecord = z.infer<typeof recordSchema>;

/** The record as the bytes of its file, its own digest at the end. */
export function formatRecord(record: ExtractionRecord): string {
  return `${JSON.stringify({ ...record, record_sha256: digestOf(record) }, null, 2)}\n`;
}

function digestOf(record: object): string {
  const content = { ...record, record_sha256: undefined };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** Whether nobody changed the record in `text` by hand. */
export function isAsWritten(text: string): boolean {
  const record = JSON.parse(text) as { record_sha256?: string };
  return record.record_sha256 === undefined || record.record_sha256 === digestOf(record);
}

/**
 * The record in `text`, which was read from `path`.
 * @throws {SpatterError} INDEX_INVALID when it is none.
 */
export function requireRecord(text: string, path: string): ExtractionRecord {
  const record = parseRecord(text);
  if (record !== null) return record;
  const message = `${path} must be the record of an extraction, it is none or was changed`;
  throw new SpatterError('INDEX_INVALID', message, 'extract the video again with --overwrite');
}

/** The record in `text`, or null where it is none: the process may have been killed while it wrote it. */
export function parseRecord(text: string): ExtractionRecord | null {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** What of the record's sums does not hold; empty when every frame and contour is accounted for. */
export function unbalanced({ frames, contours }: ExtractionRecord): string[] {
  const { in_file, decoded, with_spatter, without_spatter, last, unreadable } = frames;
  const rejected = Object.values(contours.rejected).reduce((sum, n) => sum + n, 0);
  const sums: [string, number, number][] = [
    ['frames in the file = decoded + unreadable', in_file, decoded + unreadable],
    ['frames decoded = with spatter + without + the last', decoded, with_spatter + without_spatter + last],
    [
      'contours found = kept + black + over the limit + rejected',
      contours.found,
      contours.kept + contours.black + contours.over_limit + rejected,
    ],
  ];
  return sums.filter(([, a, b]) => a !== b).map(([rule, a, b]) => `${rule}: ${a} is not ${b}`);
}
