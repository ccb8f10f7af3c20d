// Accounts for every frame and contour: read = kept + rejected by reason.
import type { FrameCrops } from './crops.ts';
import { REJECTIONS, type RejectionCounts } from './rules.ts';

/** Contours by what became of them: found = kept + over the limit + rejected. */
export interface LedgerCounts {
  /** Pairs of neighbouring frames that were compared. */
  readonly pairs: number;
  readonly contours: number;
  readonly kept: number;
  readonly framesWithSpatter: number;
  /** Spatter that a limit on the number of crops left out. */
  readonly overLimit: number;
  readonly rejected: Readonly<RejectionCounts>;
}

/** What is counted of a pair of frames. */
type Counted = Pick<FrameCrops, 'contours' | 'rejected'> & { readonly crops: { readonly length: number } };

export class Ledger implements LedgerCounts {
  pairs = 0;
  contours = 0;
  kept = 0;
  framesWithSpatter = 0;
  overLimit = 0;
  readonly rejected: RejectionCounts = { small: 0, large: 0, empty: 0, edge: 0, blue: 0 };

  add(found: Counted): void {
    this.pairs++;
    this.contours += found.contours;
    this.kept += found.crops.length;
    this.framesWithSpatter += found.crops.length > 0 ? 1 : 0;
    for (const reason of REJECTIONS) this.rejected[reason] += found.rejected[reason];
  }

  /** The counts without the means to change them. */
  counts(): LedgerCounts {
    const { pairs, contours, kept, framesWithSpatter, overLimit, rejected } = this;
    return { pairs, contours, kept, framesWithSpatter, overLimit, rejected: { ...rejected } };
  }
}
