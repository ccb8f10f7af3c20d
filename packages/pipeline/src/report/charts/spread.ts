// How a quantity of the crops is spread, one line per class: where lines part, the quantity alone tells the class.
import { quantile } from '../../metrics/values.ts';
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, valueAxis } from '../theme.ts';

const BINS = 40;
const CLASS_COLOURS = [COLOURS.low, COLOURS.high, COLOURS.train, '#009e73', '#cc79a7', COLOURS.baseline];

export interface SpreadText {
  /** Makes the drawing's ids unique on a page. */
  readonly name: string;
  readonly title: string;
  /** Quantity and unit. */
  readonly axis: string;
}

/** Shares are of each class's own crops; the top 1 % is gathered in the last bin. */
export function spreadChart(values: Float64Array, label: Uint8Array, text: SpreadText): string {
  const sorted = values.slice().sort();
  const low = Math.floor(sorted[0]!);
  const high = Math.max(low + 1, Math.ceil(quantile(sorted, 0.99)));
  const classes = [...new Set(label)].sort((a, b) => a - b);
  const centre = (bin: number) => low + ((bin + 0.5) * (high - low)) / BINS;
  const series = classes.map((each, k) => ({
    type: 'line' as const,
    name: `class ${each}`,
    step: 'middle' as const,
    showSymbol: false,
    data: shares(values, label, each, low, high).map((share, bin) => [centre(bin), share]),
    lineStyle: { width: 2, color: CLASS_COLOURS[k % CLASS_COLOURS.length]! },
    itemStyle: { color: CLASS_COLOURS[k % CLASS_COLOURS.length]! },
    areaStyle: { opacity: 0.12 },
  }));
  const option = {
    ...baseOption({
      title: text.title,
      subtitle: 'per cent of the class’s crops in each of 40 bins; the top 1 % in the last',
    }),
    xAxis: valueAxis(text.axis, { min: low, max: high }),
    yAxis: valueAxis('per cent of the class’s crops'),
    series,
  };
  return renderSvg(text.name, text.title, option);
}

function shares(
  values: Float64Array,
  label: Uint8Array,
  wanted: number,
  low: number,
  high: number,
): number[] {
  const counts = new Array<number>(BINS).fill(0);
  let crops = 0;
  for (let i = 0; i < values.length; i++) {
    if (label[i] !== wanted) continue;
    counts[Math.max(0, Math.min(BINS - 1, Math.floor(((values[i]! - low) / (high - low)) * BINS)))]!++;
    crops++;
  }
  return counts.map((n) => (100 * n) / crops);
}
