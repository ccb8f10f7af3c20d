// ROC curve of the model, beside its strongest trivial baseline and chance.
import type { RocCurve } from '../../metrics/roc.ts';
import { decimal } from '../numbers.ts';
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, percentAxis } from '../theme.ts';
import { thin } from './curve-points.ts';

export interface NamedRoc {
  readonly name: string;
  readonly curve: RocCurve;
  readonly auc: number;
}

/** `baseline` is drawn dashed. */
export function rocChart(model: NamedRoc, baseline?: NamedRoc): string {
  const option = {
    ...baseOption({
      title: 'ROC curve',
      subtitle: 'high-flow crops found against low-flow crops mistaken for high',
    }),
    xAxis: percentAxis('low-flow crops called high (false positive rate)'),
    yAxis: percentAxis('high-flow crops found'),
    series: [
      line(model, COLOURS.model, 'solid'),
      ...(baseline === undefined ? [] : [line(baseline, COLOURS.low, 'dashed')]),
      {
        type: 'line' as const,
        name: 'chance',
        data: [
          [0, 0],
          [1, 1],
        ],
        symbol: 'none',
        lineStyle: { color: COLOURS.baseline, width: 1.4, type: 'dotted' as const },
        itemStyle: { color: COLOURS.baseline },
      },
    ],
  };
  return renderSvg('roc', `ROC curve, area ${decimal(model.auc)}`, option);
}

function line({ name, curve, auc }: NamedRoc, colour: string, type: 'solid' | 'dashed') {
  return {
    type: 'line' as const,
    name: `${name} (area ${decimal(auc)})`,
    data: thin(curve.falsePositiveRate, curve.truePositiveRate).map(([x, y]) => [x, y]),
    symbol: 'none',
    lineStyle: { color: colour, width: 2.4, type },
    itemStyle: { color: colour },
  };
}
