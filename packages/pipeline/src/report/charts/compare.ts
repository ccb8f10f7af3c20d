// Accuracy of every network, with its interval, against the time one crop takes.
import type { ComparedFigures } from '../compare-figures.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { powerOfTen } from '../sweep-trials.ts';
import { baseOption, COLOURS, logRange, percentAxis, valueAxis } from '../theme.ts';
import { labelPlaces } from './label-places.ts';

/** About where the axes lie in the drawing, in pixels, and how wide a letter is: for labels, which may stand a little off. */
const [PLOT_WIDTH, PLOT_HEIGHT, LETTER] = [1080, 272, 7.2];

interface Axes {
  readonly min: number;
  readonly max: number;
  /** Where the axis of accuracies begins; it ends at 1. */
  readonly lowest: number;
}

/** Time on a logarithmic axis. */
export function compareChart(rows: readonly ComparedFigures[]): string {
  const axes = axesOf(rows);
  const axis = valueAxis('median time of one crop on one CPU thread, ms');
  const option = {
    ...baseOption({
      title: 'Accuracy against time',
      subtitle: 'bars: 95 % interval on the test split; up and left is better',
    }),
    legend: { show: false },
    grid: {
      left: 20,
      right: 28,
      top: 74,
      bottom: 20,
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'all' as const,
    },
    xAxis: {
      ...axis,
      type: 'log' as const,
      min: axes.min,
      max: axes.max,
      axisLabel: { ...axis.axisLabel, formatter: powerOfTen },
    },
    yAxis: {
      ...percentAxis('accuracy', axes.lowest),
      interval: axes.lowest < 0.5 ? 0.2 : (1 - axes.lowest) / 5,
    },
    series: [...rows.flatMap(interval), points(rows), ...labels(rows, axes)],
  };
  return renderSvg('compare', 'Accuracy of every network against the time of one crop', option, WIDE);
}

function axesOf(rows: readonly ComparedFigures[]): Axes {
  const times = rows.map((row) => row.latency_ms);
  const lowest = Math.min(...rows.map((row) => row.test_accuracy_low ?? row.test_accuracy));
  return {
    // Names take some room beside the first and the last point.
    ...logRange(Math.min(...times) / 1.4, Math.max(...times) * 1.6),
    lowest: Math.max(0, Math.floor(lowest * 10 - 0.5) / 10),
  };
}

function points(rows: readonly ComparedFigures[]) {
  return {
    type: 'scatter' as const,
    symbolSize: 11,
    data: rows.map((row) => [row.latency_ms, row.test_accuracy]),
    itemStyle: { color: COLOURS.model },
  };
}

/** Names beside the points, each with a line to its point where another name stands between. */
function labels(rows: readonly ComparedFigures[], { min, max, lowest }: Axes) {
  const [perTime, perAccuracy] = [PLOT_WIDTH / Math.log(max / min), PLOT_HEIGHT / (1 - lowest)];
  const at = rows.map((row) => ({
    x: Math.log(row.latency_ms / min) * perTime,
    y: (1 - row.test_accuracy) * perAccuracy,
    width: row.model.length * LETTER,
  }));
  return labelPlaces(at).map(({ x, y }, i) => {
    const isRight = x > at[i]!.x;
    const end = isRight ? x : x + at[i]!.width;
    const place = [min * Math.exp(end / perTime), 1 - y / perAccuracy];
    const { model, latency_ms, test_accuracy } = rows[i]!;
    return {
      type: 'line' as const,
      symbol: 'none',
      silent: true,
      data: [[latency_ms, test_accuracy], place],
      lineStyle: { color: COLOURS.muted, width: 1, opacity: y === at[i]!.y ? 0 : 0.6 },
      endLabel: {
        show: true,
        formatter: () => model,
        align: isRight ? ('left' as const) : ('right' as const),
        distance: 2,
        color: COLOURS.text,
        fontSize: 12.5,
      },
    };
  });
}

function interval({ latency_ms, test_accuracy_low: low, test_accuracy_high: high }: ComparedFigures) {
  if (low === null || high === null) return [];
  const ends = [low, high].map((value) => [latency_ms, value]);
  return [
    {
      type: 'line' as const,
      symbol: 'none',
      silent: true,
      data: ends,
      lineStyle: { color: COLOURS.model, width: 1.5, opacity: 0.5 },
    },
  ];
}
