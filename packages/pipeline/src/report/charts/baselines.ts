// Accuracy of the model against every trivial baseline, with intervals that resample the same groups.
import { percent } from '../numbers.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, nameAxis, percentAxis } from '../theme.ts';
import { whiskerSeries } from './whiskers.ts';

export interface AccuracyBar {
  readonly name: string;
  readonly accuracy: number;
  /** Null where no honest interval can be given. */
  readonly low: number | null;
  readonly high: number | null;
}

/** The model on top, baselines below in the order given. `level` is that of the intervals, 0 … 1. */
export function baselinesChart(model: AccuracyBar, baselines: readonly AccuracyBar[], level: number): string {
  const rows = [model, ...baselines];
  const option = {
    ...baseOption({
      title: 'Model against trivial baselines',
      subtitle: `accuracy on the same test crops; whiskers: ${percent(level, 0)} interval over resampled groups`,
    }),
    legend: { show: false },
    grid: {
      left: 20,
      right: 80,
      top: 74,
      bottom: 20,
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'all' as const,
    },
    xAxis: percentAxis('accuracy'),
    yAxis: { ...nameAxis(rows.map((row) => row.name)), inverse: true },
    series: [
      {
        type: 'bar' as const,
        barWidth: '58%',
        data: rows.map((row, i) => ({
          value: row.accuracy,
          itemStyle: { color: i === 0 ? COLOURS.model : COLOURS.baseline },
          label: { color: '#ffffff' },
        })),
        label: {
          show: true,
          position: 'insideLeft' as const,
          fontSize: 12.5,
          fontWeight: 600 as const,
          formatter: ({ value }: { value: unknown }) => percent(Number(value)),
        },
      },
      whiskerSeries(
        rows.flatMap((row, at) =>
          row.low === null || row.high === null ? [] : [{ at, low: row.low, high: row.high }],
        ),
        'x',
      ),
    ],
  };
  return renderSvg('baselines', 'Accuracy of the model and of trivial baselines', option, {
    width: WIDE.width,
    height: 130 + rows.length * 34,
  });
}
