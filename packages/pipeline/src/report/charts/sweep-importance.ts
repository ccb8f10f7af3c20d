// How much of a sweep's variance each parameter explains.
import { percent } from '../numbers.ts';
import { HALF, renderSvg } from '../svg.ts';
import { lastPart } from '../sweep-trials.ts';
import { baseOption, COLOURS, nameAxis, percentAxis } from '../theme.ts';

/** `shares` are sorted, largest first, and sum to 1. */
export function sweepImportanceChart(
  objective: string,
  index: number,
  shares: readonly (readonly [param: string, share: number])[],
): string {
  const option = {
    ...baseOption({
      title: `Importance for ${objective}`,
      subtitle: 'share of the explained variance, each parameter alone (fANOVA)',
    }),
    legend: { show: false },
    grid: {
      left: 20,
      right: 60,
      top: 74,
      bottom: 20,
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'all' as const,
    },
    xAxis: percentAxis(''),
    yAxis: { ...nameAxis(shares.map(([param]) => lastPart(param))), inverse: true },
    series: [
      {
        type: 'bar' as const,
        barMaxWidth: 34,
        data: shares.map(([, share]) => share),
        itemStyle: { color: COLOURS.model },
        label: {
          show: true,
          position: 'right' as const,
          formatter: ({ value }: { value: unknown }) => percent(Number(value), 0),
        },
      },
    ],
  };
  return renderSvg(`importance-${index}`, `Importance of the parameters for ${objective}`, option, HALF);
}
