// Whether a data set is what its index says, and whether it may mislead: every check, most serious findings first.
import type { Validation } from '../report/validation-page.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { SpatterError } from '../util/errors.ts';
import { checkAddresses } from './checks/addresses.ts';
import { checkBalance, checkConfounding, checkLabels } from './checks/balance.ts';
import { checkBytes } from './checks/bytes.ts';
import { checkCopies, checkLookalikes } from './checks/duplicates.ts';
import type { Check, CheckedData, Finding, Severity } from './checks/finding.ts';
import { finding } from './checks/finding.ts';
import { checkPictures, checkSizes } from './checks/pictures.ts';
import { checkCopiesAcrossSplits, checkOrder } from './checks/split-leaks.ts';
import type { CropIndex } from './crop-index.ts';
import { surveyCrops, type CropSurvey } from './crop-survey.ts';
import { datasetVersion, digestsOf } from './dataset-version.ts';
import { cropTimes, type CropTimes } from './sidecar.ts';

/** The catalogue of checks on existing crops; index against HDF5 is checked before them. */
export const CHECKS = {
  bytes: checkBytes,
  pictures: checkPictures,
  copies: checkCopies,
  lookalikes: checkLookalikes,
  'copies across splits': checkCopiesAcrossSplits,
  sizes: checkSizes,
  labels: checkLabels,
  balance: checkBalance,
  confounding: checkConfounding,
  order: checkOrder,
} as const satisfies Record<string, Check>;

export type { Validation };

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/**
 * Reads every crop's bytes and decodes what no fresh cache knows. Writes nothing; bad data give findings, not errors.
 * @param reread false trusts a fresh cache instead of reading all bytes again.
 */
export async function validateDataset(
  index: CropIndex,
  progress: ProgressFactory,
  reread = true,
): Promise<Validation> {
  const { index: kept, findings } = await checkAddresses(index);
  const survey = await surveyCrops(kept, progress, reread);
  const joined = joinTimes(kept);
  const data: CheckedData = {
    index: kept,
    survey,
    times: joined.times,
    rowOfSlot: firstRows(survey, kept.length),
  };
  const all = [...findings, ...joined.findings];
  for (const check of Object.values<Check>(CHECKS)) if (kept.length > 0) all.push(...(await check(data)));
  const of = (severity: Severity) => all.filter((each) => each.severity === severity);
  return {
    dataset_version: datasetVersion(kept, survey.places, digestsOf(survey.facts)),
    rows: index.length,
    crops: survey.places.count,
    classes: classCounts(index.label),
    errors: of('error').length,
    warnings: of('warning').length,
    findings: ORDER.flatMap(of),
  };
}

function firstRows({ places }: CropSurvey, rows: number): Uint32Array {
  const first = new Uint32Array(places.count);
  for (let row = rows - 1; row >= 0; row--) first[places.slots[row]!] = row;
  return first;
}

function joinTimes(index: CropIndex): { times: CropTimes | null; findings: Finding[] } {
  try {
    const times = cropTimes(index);
    const text =
      'Some recordings have no sidecar: the frames of their crops are unknown, so no leak in time can be measured';
    return { times, findings: times.known ? [] : finding('no_frames', 'warning', [index.name], () => text) };
  } catch (error) {
    if (!(error instanceof SpatterError)) throw error;
    return { times: null, findings: finding('sidecar', 'error', [error.message], () => 'Sidecars or recordings.csv do not fit the index') }; // prettier-ignore
  }
}

/** Crops of each class, by label. */
export function classCounts(labels: Uint8Array): Record<string, number> {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b).map(([label, n]) => [String(label), n]));
}
