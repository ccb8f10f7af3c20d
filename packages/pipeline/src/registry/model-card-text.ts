// The model card: what a model is, how it was measured and where it must not be trusted, as Markdown made from its passport.
import type { ModelCard } from '../export/model-card.ts';
import type { LogEntry } from './entry.ts';
import type { RegisteredVersion } from './registry.ts';

/** Where a card stands in a registry; a card that is in none has no such part. */
export interface CardPlace {
  readonly version: RegisteredVersion;
  readonly history: readonly LogEntry[];
}

/** Sections after Mitchell et al., “Model cards for model reporting” (FAT* 2019). */
export function modelCardText(card: ModelCard, place?: CardPlace): string {
  return [
    heading(card, place),
    use(card),
    measured(card),
    calibration(card),
    domain(card),
    data(card),
    provenance(card),
    ...(place === undefined ? [] : [history(place)]),
  ].join('\n\n');
}

function heading({ name, labels, licence, onnx_sha256 }: ModelCard, place?: CardPlace): string {
  const title = place === undefined ? name : `${place.version.model}, version ${place.version.version}`;
  const aliases = place?.version.aliases ?? [];
  return lines(
    `# Model card: ${title}`,
    '',
    `- Network: ${name}, ONNX SHA-256 \`${onnx_sha256}\``,
    `- Tells apart: ${labels.join(', ')}`,
    ...(aliases.length > 0 ? [`- Aliases: ${aliases.join(', ')}`] : []),
    `- Licence: ${licence}`,
  );
}

function use({ preprocessing, extraction, threshold, labels }: ModelCard): string {
  const { channels, resize, crop, jpeg_quality, pad } = preprocessing;
  const kind = channels === 1 ? 'gray' : 'colour';
  const cut =
    extraction === null
      ? `Images as they are${pad === true ? '; smaller ones stand in the middle of black' : ''}.`
      : `Spatter crops cut by \`spatter extract\`: areas of ${extraction.min_area} to ${extraction.max_area} square pixels, threshold ${extraction.threshold}, a new layer after ${extraction.layer_gap} frames without spatter.`;
  const rule =
    labels.length === 2
      ? `A crop is called ${labels[1]!} when its probability is above ${threshold}.`
      : 'The likeliest class is taken.';
  const jpeg = jpeg_quality === null ? '' : ` after a JPEG of quality ${jpeg_quality}`;
  return lines(
    '## Intended use',
    '',
    cut,
    `Each becomes a ${kind} ${resize}×${resize} image${jpeg}, of which the central ${crop}×${crop} pixels are judged. ${rule}`,
  );
}

function measured(card: ModelCard): string {
  const topics = card.measured.map(
    ({ topic, text, warn }) => `- ${warn === true ? '⚠ ' : ''}**${topic}:** ${text}`,
  );
  const scores = Object.entries(card.evaluation)
    .filter(([key, value]) => typeof value === 'number' || (typeof value === 'boolean' && key !== 'run_dir'))
    .map(([key, value]) => `| ${key.replaceAll('_', ' ')} | ${shown(value)} |`);
  return lines(
    '## Scores and how they were measured',
    '',
    ...topics,
    '',
    '| figure | value |',
    '| --- | --- |',
    ...scores,
  );
}

function calibration({
  calibration: { temperature, samples, log_loss_before, log_loss_after },
}: ModelCard): string {
  return lines(
    '## Calibration',
    '',
    `Logits are divided by the temperature ${shown(temperature)}, fitted on ${samples} validation samples: log loss ${shown(log_loss_before)} before, ${shown(log_loss_after)} after. Neighbouring frames are alike, so this rests on fewer independent samples than it counts.`,
  );
}

function domain({ domain: known }: ModelCard): string {
  if (known === null) return lines('## Where it must not be trusted', '', 'Not measured.');
  const rows = Object.entries(known.features).map(
    ([name, { low, high, typical_low, typical_high }]) =>
      `| ${name} | ${[low, high, typical_low, typical_high].map(shown).join(' | ')} |`,
  );
  return lines(
    '## Where it must not be trusted',
    '',
    `Outside what its ${known.samples} training and validation samples look like; ${shown(100 * known.outside_share)} % of the validation samples lie outside themselves.`,
    '',
    '| feature | lowest | highest | lowest median | highest median |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  );
}

function data({ dataset_hash, split }: ModelCard): string {
  return lines(
    '## Data',
    '',
    `- Data set: SHA-256 \`${dataset_hash}\``,
    `- Split: \`${JSON.stringify(split)}\``,
  );
}

function provenance({ libraries, golden }: ModelCard): string {
  const made = Object.entries(libraries).map(([name, version]) => `${name} ${version}`);
  return lines(
    '## Provenance',
    '',
    `- Made with ${made.join(', ')}`,
    `- ${golden.length} golden crops are run whenever it is opened`,
  );
}

function history({ history: entries }: CardPlace): string {
  const rows = entries.map((entry) => {
    const what = entry.action === 'register' ? '' : `${entry.alias} → `;
    return `| ${entry.sequence} | ${entry.time} | ${entry.user} | ${entry.action} | ${what}${entry.version} | ${entry.reason} |`;
  });
  const head = [
    '| entry | time | user | change | version | reason |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  return lines('## History', '', ...head, ...rows);
}

const lines = (...parts: readonly string[]): string => parts.join('\n');

function shown(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);
}
