// One parameter against the value: a slice through the search space.
import { HALF, renderSvg } from '../svg.ts';
import {
  completed,
  lastPart,
  powerOfTen,
  searchedAxis,
  type SweepObjective,
  type SweepParam,
  type SweepTrial,
} from '../sweep-trials.ts';
import { baseOption, COLOURS, MARGIN, nameAxis, valueAxis } from '../theme.ts';

/** Completed trials; the later, the darker, so that one sees where the search went. */
export function sweepSliceChart(
  trials: readonly SweepTrial[],
  param: SweepParam,
  objective: SweepObjective,
  name: string,
): string {
  const done = completed(trials).filter((trial) => param.name in trial.params);
  const last = Math.max(1, ...done.map(({ number }) => number));
  const option = {
    ...baseOption({ title: lastPart(param.name), subtitle: `${param.name}; the later a trial, the darker` }),
    legend: { show: false },
    grid: { ...MARGIN, top: 74, outerBoundsMode: 'same' as const, outerBoundsContain: 'all' as const },
    xAxis: param.choices === null ? numberAxis(param) : nameAxis(param.choices, lastPart(param.name)),
    yAxis: valuesAxis(trials, objective),
    series: [
      {
        type: 'scatter' as const,
        symbolSize: 9,
        data: done.map(({ number, params, values }) => ({
          value: [params[param.name]!, values[0]!],
          itemStyle: { color: COLOURS.model, opacity: 0.25 + 0.7 * (number / last) },
        })),
      },
    ],
  };
  return renderSvg(name, `${objective.name} against ${param.name}`, option, { ...HALF, height: 340 });
}

/** The values of all trials, so that slices can be compared. */
function valuesAxis(trials: readonly SweepTrial[], { name }: SweepObjective) {
  const values = completed(trials).map((trial) => trial.values[0]!);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const axis = valueAxis(name);
  if (!(most > least) || !Number.isFinite(most - least)) return { ...axis, scale: true };
  const margin = 0.05 * (most - least);
  const axisLabel = { ...axis.axisLabel, showMinLabel: false, showMaxLabel: false };
  return { ...axis, min: least - margin, max: most + margin, axisLabel };
}

function logAxis(name: string) {
  const axis = valueAxis(name);
  return { ...axis, axisLabel: { ...axis.axisLabel, formatter: powerOfTen } };
}

function numberAxis(param: SweepParam) {
  const name = lastPart(param.name);
  const axis = { ...(param.log ? logAxis(name) : valueAxis(name)), ...searchedAxis(param) };
  return param.log ? { ...axis, type: 'log' as const } : axis;
}
