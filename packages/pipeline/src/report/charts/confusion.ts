// Confusion matrix: counts and the share of each true class.
import type { ConfusionMatrix } from '../../metrics/confusion.ts';
import { count, percent } from '../numbers.ts';
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, MARGIN, nameAxis } from '../theme.ts';

/** `classes` names the classes in index order. */
export function confusionChart(matrix: ConfusionMatrix, classes: readonly string[]): string {
  const cells = matrix.flatMap((row, truth) => {
    const crops = row.reduce((sum, n) => sum + n, 0);
    return row.map((n, decided) => ({ n, truth, decided, share: crops === 0 ? 0 : n / crops }));
  });
  const option = {
    ...baseOption({
      title: 'Confusion matrix',
      subtitle: 'crops by true class and decision; per cent of the true class',
    }),
    legend: { show: false },
    grid: { ...MARGIN, top: 74, outerBoundsMode: 'same' as const, outerBoundsContain: 'all' as const },
    xAxis: nameAxis(classes, 'decided'),
    yAxis: {
      ...nameAxis(classes, 'true class'),
      inverse: true,
      axisLabel: { color: COLOURS.text, fontSize: 12, rotate: 90 },
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: ['#f4f8fb', '#0072b2'] } },
    series: [
      {
        type: 'heatmap' as const,
        data: cells.map(({ n, truth, decided, share }) => ({
          value: [decided, truth, share],
          label: label(n, share),
        })),
        itemStyle: { borderColor: COLOURS.paper, borderWidth: 3 },
      },
    ],
  };
  return renderSvg('confusion', 'Confusion matrix', option);
}

function label(n: number, share: number) {
  const color = share > 0.5 ? '#ffffff' : COLOURS.text;
  return {
    show: true,
    formatter: `{n|${count(n)}}\n{s|${percent(share)}}`,
    rich: {
      n: { fontSize: 22, fontWeight: 600 as const, color, lineHeight: 30 },
      s: { fontSize: 13, color, lineHeight: 18 },
    },
  };
}
