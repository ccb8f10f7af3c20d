// Precision-recall curve of the model, beside its strongest trivial baseline and the share of high-flow crops.
import type { PrCurve } from '../../metrics/pr.ts';
import { decimal } from '../numbers.ts';
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, percentAxis } from '../theme.ts';
import { thin } from './curve-points.ts';

export interface NamedPr {
  readonly name: string;
  readonly curve: PrCurve;
  readonly averagePrecision: number;
}

/** `prevalence` is the share of class-1 crops: the precision of guessing. */
export function prChart(model: NamedPr, prevalence: number, baseline?: NamedPr): string {
  const option = {
    ...baseOption({
      title: 'Precision and recall',
      subtitle: 'how many calls of “high” are right, as more are made',
    }),
    xAxis: percentAxis('high-flow crops found (recall)'),
    yAxis: percentAxis('calls of “high” that are right (precision)'),
    series: [
      line(model, COLOURS.model, 'solid'),
      ...(baseline === undefined ? [] : [line(baseline, COLOURS.low, 'dashed')]),
      {
        type: 'line' as const,
        name: 'guessing',
        data: [
          [0, prevalence],
          [1, prevalence],
        ],
        symbol: 'none',
        lineStyle: { color: COLOURS.baseline, width: 1.4, type: 'dotted' as const },
        itemStyle: { color: COLOURS.baseline },
      },
    ],
  };
  return renderSvg(
    'pr',
    `Precision-recall curve, average precision ${decimal(model.averagePrecision)}`,
    option,
  );
}

function line({ name, curve, averagePrecision }: NamedPr, colour: string, type: 'solid' | 'dashed') {
  return {
    type: 'line' as const,
    name: `${name} (average ${decimal(averagePrecision)})`,
    data: thin(curve.recall, curve.precision).map(([x, y]) => [x, y]),
    step: 'start' as const,
    symbol: 'none',
    lineStyle: { color: colour, width: 2.4, type },
    itemStyle: { color: colour },
  };
}
