// Every trial of a sweep in the order they began, and the best found up to each.
import { HALF, renderSvg, WIDE } from '../svg.ts';
import { completed, type SweepObjective, type SweepTrial } from '../sweep-trials.ts';
import { baseOption, COLOURS, valueAxis } from '../theme.ts';

/** Values of objective number `index`; pruned trials stand at their last report. */
export function sweepHistoryChart(
  trials: readonly SweepTrial[],
  { name, direction, unit }: SweepObjective,
  index: number,
  wide = false,
): string {
  const pruned = trials.filter(({ state, values }) => state === 'PRUNED' && values !== null);
  const points = (some: readonly SweepTrial[]) => some.map(({ number, values }) => [number, values![index]!]);
  const done = completed(trials);
  const option = {
    ...baseOption({
      title: `History: ${name}`,
      subtitle: `${unit}; larger is ${direction === 'maximize' ? 'better' : 'worse'}`,
    }),
    xAxis: { ...valueAxis('trial', { min: 0, max: Math.max(1, trials.length - 1) }), minInterval: 1 },
    yAxis: { ...valueAxis(name), scale: true },
    series: [
      scatter('completed', points(done), COLOURS.model, 'circle'),
      ...(pruned.length > 0
        ? [scatter('pruned, at its last report', points(pruned), COLOURS.baseline, 'triangle')]
        : []),
      {
        type: 'line' as const,
        name: 'best so far',
        step: 'end' as const,
        symbol: 'none',
        data: bestSoFar(done, index, direction === 'maximize' ? 1 : -1),
        lineStyle: { color: COLOURS.low, width: 2 },
        itemStyle: { color: COLOURS.low },
      },
    ],
  };
  return renderSvg(`history-${index}`, `${name} of every trial`, option, wide ? WIDE : HALF);
}

const scatter = (name: string, data: number[][], color: string, symbol: string) => ({
  type: 'scatter' as const,
  name,
  data,
  symbol,
  symbolSize: 8,
  itemStyle: { color, opacity: 0.75 },
});

function bestSoFar(
  trials: readonly { number: number; values: readonly number[] }[],
  index: number,
  sign: 1 | -1,
) {
  let best = -Infinity;
  return trials.map(({ number, values }) => {
    best = Math.max(best, sign * values[index]!);
    return [number, sign * best];
  });
}
