// One verdict for a whole build from those of its layers, slow to cry wolf.
import type { LayerVerdict, Verdict } from './verdict.ts';

export interface BuildVerdict {
  readonly verdict: Verdict;
  /** One sentence: why. */
  readonly reason: string;
  readonly layers: Record<Verdict, number>;
  /** Runs of low layers that are long enough to count, as [first, last] layer. */
  readonly alarms: readonly (readonly [first: number, last: number])[];
}

/** At 95 % one layer in 40 whose probability is at the line looks low by chance, seldom two in a row. */
export const ALARM_LAYERS = 2;

/**
 * `low` when at least {@link ALARM_LAYERS} judged layers in a row are low (layers that cannot be judged do not break a
 * run); `cannot judge` when fewer than half the layers could be judged; `high` when no layer is low and at least half of
 * the judged ones are high; else `unclear`. `layers` are in order.
 */
export function judgeBuild(layers: readonly LayerVerdict[]): BuildVerdict {
  const of = (verdict: Verdict) => layers.filter((layer) => layer.verdict === verdict).length;
  const counts = {
    high: of('high'),
    low: of('low'),
    unclear: of('unclear'),
    'cannot judge': of('cannot judge'),
  };
  const alarms = lowRuns(layers);
  const { verdict, reason } = decide(counts, alarms, layers.length);
  const shared = verdict === 'cannot judge' ? sharedReason(layers) : null;
  return { verdict, reason: shared === null ? reason : `${reason}: ${shared}`, layers: counts, alarms };
}

/** The reason of the first layer that could not be judged, up to its details. */
function sharedReason(layers: readonly LayerVerdict[]): string | null {
  return layers.find(({ verdict }) => verdict === 'cannot judge')?.reason.split(':')[0] ?? null;
}

function lowRuns(layers: readonly LayerVerdict[]): [number, number][] {
  const runs: { span: [number, number]; length: number }[] = [];
  let open = false;
  for (const { layer, verdict } of layers) {
    if (verdict === 'cannot judge') continue;
    const run = runs.at(-1);
    if (verdict === 'low' && open && run !== undefined) {
      run.span[1] = layer;
      run.length++;
    } else if (verdict === 'low') runs.push({ span: [layer, layer], length: 1 });
    open = verdict === 'low';
  }
  return runs.filter((run) => run.length >= ALARM_LAYERS).map((run) => run.span);
}

function decide(
  counts: Record<Verdict, number>,
  alarms: readonly (readonly [number, number])[],
  total: number,
): { verdict: Verdict; reason: string } {
  const judged = total - counts['cannot judge'];
  if (alarms.length > 0) {
    const where = alarms.map(([first, last]) => `${first}–${last}`).join(', ');
    return { verdict: 'low', reason: `the gas flow looks low in layers ${where}` };
  }
  if (total === 0) return { verdict: 'cannot judge', reason: 'no spatter was found' };
  if (judged === 0 || judged < total / 2) {
    return { verdict: 'cannot judge', reason: `only ${judged} of ${total} layers could be judged` };
  }
  if (counts.low === 0 && counts.high >= judged / 2) {
    return { verdict: 'high', reason: `${counts.high} of ${judged} judged layers look high, none looks low` };
  }
  const found = `${counts.high} high, ${counts.low} low and ${counts.unclear} unclear layers`;
  return { verdict: 'unclear', reason: `${found}, no two low ones in a row` };
}
