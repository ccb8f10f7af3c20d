// Confusion matrix: counts and the share of each true class.
import type { ConfusionMatrix } from '../../metrics/confusion.ts';
import { count, percent } from '../numbers.ts';
import { HALF, renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, MARGIN, nameAxis } from '../theme.ts';

/** From this many classes on the chart takes the whole width, with small figures and no per cent. */
const MANY = 5;

/** `classes` names the classes in index order; `unit` is what is counted. */
export function confusionChart(
  matrix: ConfusionMatrix,
  classes: readonly string[],
  unit: 'crops' | 'images' = 'crops',
): string {
  const many = classes.length >= MANY;
  const cells = matrix.flatMap((row, truth) => {
    const crops = row.reduce((sum, n) => sum + n, 0);
    return row.map((n, decided) => ({ n, truth, decided, share: crops === 0 ? 0 : n / crops }));
  });
  const option = {
    ...baseOption({
      title: 'Confusion matrix',
      subtitle: `${unit} by true class and decision; ${many ? 'colour: share' : 'per cent'} of the true class`,
    }),
    legend: { show: false },
    grid: { ...MARGIN, top: 74, outerBoundsMode: 'same' as const, outerBoundsContain: 'all' as const },
    xAxis: nameAxis(classes, 'decided'),
    yAxis: {
      ...nameAxis(classes, 'true class'),
      inverse: true,
      axisLabel: { color: COLOURS.text, fontSize: 12, rotate: many ? 0 : 90 },
    },
    visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: ['#f4f8fb', '#0072b2'] } },
    series: [
      {
        type: 'heatmap' as const,
        data: cells.map(({ n, truth, decided, share }) => ({
          value: [decided, truth, share],
          label: many ? smallLabel(n, share, classes.length) : label(n, share),
        })),
        itemStyle: { borderColor: COLOURS.paper, borderWidth: many ? 1 : 3 },
      },
    ],
  };
  const size = many ? { width: WIDE.width, height: 160 + 34 * Math.min(classes.length, 40) } : HALF;
  return renderSvg('confusion', 'Confusion matrix', option, size);
}

/** Zeros stay blank, and so does everything where cells are too small for figures. */
function smallLabel(n: number, share: number, classes: number) {
  const show = n > 0 && classes <= 40;
  return { show, formatter: count(n), fontSize: 13, color: share > 0.5 ? '#ffffff' : COLOURS.text };
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
