// Accuracy of every network, with its interval, against the time one crop takes.
import type { ComparedFigures } from '../compare-figures.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, percentAxis, valueAxis } from '../theme.ts';
import { powerOfTen } from '../sweep-trials.ts';

/** Time on a logarithmic axis. */
export function compareChart(rows: readonly ComparedFigures[]): string {
  const lowest = Math.min(...rows.map((row) => row.test_accuracy_low ?? row.test_accuracy));
  const axis = valueAxis('median time of one crop on one CPU thread, ms');
  const times = rows.map((row) => row.latency_ms);
  const option = {
    ...baseOption({
      title: 'Accuracy against time',
      subtitle: 'bars: 95 % interval on the test split; up and left is better',
    }),
    legend: { show: false },
    grid: {
      left: 20,
      right: 110,
      top: 74,
      bottom: 20,
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'all' as const,
    },
    xAxis: {
      ...axis,
      type: 'log' as const,
      min: Math.min(...times) / 1.5,
      max: Math.max(...times) * 1.5,
      axisLabel: { ...axis.axisLabel, formatter: powerOfTen },
    },
    yAxis: percentAxis('accuracy', Math.max(0, Math.floor(lowest * 10 - 0.5) / 10)),
    series: [
      ...rows.flatMap(interval),
      {
        type: 'scatter' as const,
        symbolSize: 11,
        data: rows.map((row) => ({ value: [row.latency_ms, row.test_accuracy], name: row.model })),
        itemStyle: { color: COLOURS.model },
        label: {
          show: true,
          position: 'right' as const,
          formatter: '{b}',
          color: COLOURS.text,
          fontSize: 12.5,
        },
        labelLayout: { moveOverlap: 'shiftY' as const },
      },
    ],
  };
  return renderSvg('compare', 'Accuracy of every network against the time of one crop', option, WIDE);
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
