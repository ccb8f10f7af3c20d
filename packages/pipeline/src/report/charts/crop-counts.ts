// Crops of each recording, coloured by class: whether recordings and classes weigh alike.
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, nameAxis, valueAxis } from '../theme.ts';

export interface CropCount {
  readonly name: string;
  readonly label: number;
  readonly crops: number;
}

const MOST = 60;
const colour = (label: number): string =>
  [COLOURS.low, COLOURS.high, COLOURS.train][label] ?? COLOURS.baseline;

/** At most {@link MOST} rows are drawn, the first ones. */
export function cropCountsChart(rows: readonly CropCount[]): string {
  const shown = rows.slice(0, MOST);
  const subtitle = `coloured by class${rows.length > MOST ? `; the first ${MOST} of ${rows.length}` : ''}`;
  const labels = [...new Set(shown.map((row) => row.label))].sort((a, b) => a - b);
  const option = {
    ...baseOption({ title: 'Crops of each recording', subtitle }),
    xAxis: valueAxis('crops'),
    yAxis: { ...nameAxis(shown.map((row) => row.name)), inverse: true },
    series: labels.map((label) => ({
      type: 'bar' as const,
      name: `class ${label}`,
      stack: 'crops',
      data: shown.map((row) => (row.label === label ? row.crops : 0)),
      itemStyle: { color: colour(label) },
    })),
  };
  return renderSvg('crop-counts', 'Crops of each recording', option, {
    width: WIDE.width,
    height: 170 + shown.length * 24,
  });
}
