// Parallel coordinates: every completed trial as a line through its parameters to its value.
import { renderSvg, WIDE } from '../svg.ts';
import {
  completed,
  lastPart,
  powerOfTen,
  searchedAxis,
  type SweepObjective,
  type SweepParam,
  type SweepTrial,
} from '../sweep-trials.ts';
import { baseOption, COLOURS, FONT } from '../theme.ts';

/** Lines are the darker the better their value; the chosen trial stands out. A line passes over a parameter that its trial lacks. */
export function sweepParallelChart(
  trials: readonly SweepTrial[],
  params: readonly SweepParam[],
  objectives: readonly SweepObjective[],
  chosen: number | null,
): string {
  const sign = objectives[0]!.direction === 'maximize' ? 1 : -1;
  const ranked = completed(trials).sort((a, b) => sign * (a.values[0]! - b.values[0]!));
  const axes = [
    ...params.map(paramAxis),
    ...objectives.map(({ name }) => ({ name, type: 'value' as const, scale: true })),
  ];
  const option = {
    ...baseOption({
      title: 'Parallel coordinates',
      subtitle: `one line per completed trial; the darker, the better its ${objectives[0]!.name}${chosen === null ? '' : `; orange: trial ${chosen}`}`,
    }),
    legend: { show: false },
    parallel: { left: 70, right: 90, top: 104, bottom: 34 },
    parallelAxis: axes.map((axis, dim) => ({ ...AXIS, ...axis, dim })),
    series: [
      {
        type: 'parallel' as const,
        data: ranked.map((trial, i) => ({
          value: [...params.map(({ name }) => trial.params[name] ?? null), ...trial.values],
          lineStyle: lineStyle(trial.number === chosen, i / Math.max(1, ranked.length - 1)),
        })),
      },
    ],
  };
  return renderSvg('parallel', 'Parameters and value of every completed trial', option, WIDE);
}

const AXIS = {
  nameTextStyle: { color: COLOURS.text, fontFamily: FONT, fontSize: 12.5 },
  nameGap: 14,
  axisLabel: { color: COLOURS.muted, fontFamily: FONT, fontSize: 11.5 },
  axisLine: { lineStyle: { color: COLOURS.line } },
  axisTick: { show: false },
};

function paramAxis(param: SweepParam) {
  const { name, log, choices } = param;
  if (choices !== null) return { name: lastPart(name), type: 'category' as const, data: [...choices] };
  const axis = { name: lastPart(name), ...searchedAxis(param) };
  if (!log) return { ...axis, type: 'value' as const };
  return { ...axis, type: 'log' as const, axisLabel: { ...AXIS.axisLabel, formatter: powerOfTen } };
}

/** @param rank 0 for the worst, 1 for the best. */
function lineStyle(isChosen: boolean, rank: number) {
  if (isChosen) return { color: COLOURS.low, width: 3, opacity: 1 };
  return { color: COLOURS.model, width: 1 + rank, opacity: 0.08 + 0.72 * rank ** 2 };
}
