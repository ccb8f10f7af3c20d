// The seal of an exported model: a hash of each part, so that a change can be named.
import { createHash } from 'node:crypto';
import { canonicalJson } from '../util/canonical-json.ts';
import type { ModelCard } from './model-card.ts';

type Unsealed = Omit<ModelCard, 'seal'>;

/** The parts in the order they are checked, with what each covers. Together they cover every key of the card. */
const PARTS = {
  weights: ({ onnx_sha256 }) => [onnx_sha256],
  preprocessing: ({ preprocessing, extraction }) => [preprocessing, extraction],
  threshold: ({ threshold }) => [threshold],
  calibration: ({ calibration }) => [calibration],
  labels: ({ labels }) => [labels],
  domain: ({ domain }) => [domain],
  'golden crops': ({ golden }) => [golden],
  provenance: ({ format, version, name, dataset_hash, split, evaluation, measured, libraries, licence }) => [
    { format, version, name, dataset_hash, split, evaluation, measured, libraries, licence },
  ],
} as const satisfies Record<string, (card: Unsealed) => unknown[]>;

export type SealedPart = keyof typeof PARTS;

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** The seal that belongs to `card`. */
export function sealOf(card: Unsealed): Record<string, string> {
  const entries = Object.entries(PARTS).map(([part, of]) => [part, sha256(canonicalJson(of(card)))]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The first part of `card` that is not as sealed, or undefined. */
export function brokenPart(card: ModelCard): SealedPart | undefined {
  const wanted = sealOf(card);
  return (Object.keys(PARTS) as SealedPart[]).find((part) => card.seal[part] !== wanted[part]);
}
