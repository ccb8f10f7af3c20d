// What a check says: one finding per kind of trouble, with how often and where.
import type { Finding, Severity } from '../../report/validation-page.ts';
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
): Finding[] {
  if (total === 0) return [];
  return [{ kind, severity, count: total, text: text(counted(total)), examples: where.slice(0, EXAMPLES) }];
}

const counted = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
