// Accuracy of each recording, the model beside a trivial baseline: a mean can hide one recording that fails.
import { count, percent } from '../numbers.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, nameAxis, percentAxis } from '../theme.ts';

export interface RecordingBar {
  readonly name: string;
  readonly crops: number;
  readonly accuracy: number;
  /** Accuracy of the baseline on the same crops. */
  readonly baseline?: number;
}

/** One row per recording (or position); grows with their number. `baselineName` is the legend of the gray bars. */
export function recordingsChart(
  rows: readonly RecordingBar[],
  baselineName: string,
  text = { name: 'recordings', title: 'Accuracy by recording' },
): string {
  const withBaseline = rows.some((row) => row.baseline !== undefined);
  const option = {
    ...baseOption({ title: text.title, subtitle: 'share of crops decided right; crops in brackets' }),
    xAxis: percentAxis('accuracy'),
    yAxis: { ...nameAxis(rows.map((row) => `${shorten(row.name)} (${count(row.crops)})`)), inverse: true }, // prettier-ignore
    series: [
      bars('model', rows.map((row) => row.accuracy), COLOURS.model), // prettier-ignore
      ...(withBaseline ? [bars(baselineName, rows.map((row) => row.baseline ?? NaN), COLOURS.baseline)] : []), // prettier-ignore
    ],
  };
  const height = 150 + rows.length * (withBaseline ? 40 : 28);
  return renderSvg(text.name, text.title, option, { width: WIDE.width, height });
}

const shorten = (name: string) => (name.length > 40 ? `…${name.slice(-39)}` : name);

const bars = (name: string, data: number[], color: string) => ({
  type: 'bar' as const,
  name,
  data,
  barGap: '10%',
  barCategoryGap: '30%',
  itemStyle: { color },
  label: {
    show: true,
    position: 'insideRight' as const,
    fontSize: 12,
    color: '#ffffff',
    formatter: ({ value }: { value: unknown }) => percent(Number(value)),
  },
});
