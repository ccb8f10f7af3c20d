// What a check says: one finding per kind of trouble, with how often and where.
import type { Finding, PartedPair, Severity } from '../../report/validation-page.ts';
import type { CropIndex } from '../crop-index.ts';
import type { CropSurvey } from '../crop-survey.ts';
import type { CropTimes } from '../sidecar.ts';

export type { Finding, Severity };

/** What checks look at. */
export interface CheckedData {
  /** Those rows of the index that exist. */
  readonly index: CropIndex;
  readonly survey: CropSurvey;
  /** Null where sidecars or recordings cannot be joined; another finding says so. */
  readonly times: CropTimes | null;
  /** Index rows of each slot, the first one: a crop named twice has several. */
  readonly rowOfSlot: Uint32Array;
}

export type Check = (data: CheckedData) => readonly Finding[] | Promise<readonly Finding[]>;

const EXAMPLES = 5;

/** A list of one finding, or of none when nothing is concerned. */
export function finding(
  kind: string,
  severity: Severity,
  where: readonly string[],
  text: (count: string) => string,
  total = where.length,
  pairs?: readonly PartedPair[],
): Finding[] {
  if (total === 0) return [];
  const examples = where.slice(0, EXAMPLES);
  const shown = pairs === undefined ? {} : { pairs };
  return [{ kind, severity, count: total, text: text(counted(total)), examples, ...shown }];
}

const counted = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
