// Two competing objectives: every completed trial, the front that no other one beats, and the point that was chosen.
import { renderSvg, WIDE } from '../svg.ts';
import { completed, powerOfTen, type SweepObjective, type SweepTrial } from '../sweep-trials.ts';
import { baseOption, COLOURS, logRange, valueAxis } from '../theme.ts';

export interface FrontSource {
  readonly trials: readonly SweepTrial[];
  readonly objectives: readonly SweepObjective[];
  /** Numbers of the trials on the front. */
  readonly front: readonly number[];
  readonly chosen: number | null;
}

/** Objective `other` across, the first one up. With more than two objectives the front's points need not lie on an edge here. */
export function sweepFrontChart({ trials, objectives, front, chosen }: FrontSource, other: number): string {
  const [up, across] = [objectives[0]!, objectives[other]!];
  const at = (some: readonly SweepTrial[]) => some.map(({ values }) => [values![other]!, values![0]!]);
  const done = completed(trials);
  const onFront = done
    .filter(({ number }) => front.includes(number))
    .sort((a, b) => a.values[other]! - b.values[other]!);
  const option = {
    ...baseOption({
      title: `${up.name} against ${across.name}`,
      subtitle: 'the front is what no other trial beats in every objective',
    }),
    xAxis: acrossAxis(
      `${across.name}: ${across.unit}`,
      done.map(({ values }) => values[other]!),
    ),
    yAxis: { ...valueAxis(up.name), scale: true },
    series: [
      points(
        'beaten',
        at(done.filter(({ number }) => !front.includes(number))),
        COLOURS.baseline,
        'circle',
        8,
      ),
      {
        ...points('front', at(onFront), COLOURS.model, 'circle', 11),
        type: 'line' as const,
        lineStyle: { color: COLOURS.model, width: objectives.length === 2 ? 1.5 : 0 },
      },
      {
        ...points(
          chosen === null ? 'chosen' : `chosen: trial ${chosen}`,
          at(done.filter(({ number }) => number === chosen)),
          COLOURS.low,
          'diamond',
          17,
        ),
        z: 4,
      },
    ],
  };
  return renderSvg(
    `front-${other}`,
    `${up.name} and ${across.name} of every trial, with the front`,
    option,
    WIDE,
  );
}

/** Times and sizes that differ by more than a factor of ten are read on a logarithmic axis. */
function acrossAxis(name: string, values: readonly number[]) {
  const axis = valueAxis(name);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!(least > 0 && most > 10 * least)) return { ...axis, scale: true };
  const axisLabel = { ...axis.axisLabel, formatter: powerOfTen };
  return { ...axis, type: 'log' as const, ...logRange(least, most), axisLabel };
}

const points = (name: string, data: number[][], color: string, symbol: string, size: number) => ({
  type: 'scatter' as const,
  name,
  data,
  symbol,
  symbolSize: size,
  itemStyle: { color, opacity: 0.9 },
});
