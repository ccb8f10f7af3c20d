// Histogram of the model's probabilities, one colour per true class.
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, nameAxis, valueAxis } from '../theme.ts';

const BINS = 20;

/** Shares are of each class's own crops, so that classes of different size compare. */
export function histogramChart(label: ArrayLike<number>, probability: ArrayLike<number>): string {
  const shares = [0, 1].map((y) => classShares(label, probability, y));
  const names = Array.from({ length: BINS }, (_, k) => `${Math.round((100 * k) / BINS)}`);
  const option = {
    ...baseOption({
      title: 'Probabilities by true class',
      subtitle: 'how far apart the model pulls the two classes',
    }),
    xAxis: nameAxis(names, 'probability of high flow, per cent (lower edge of the bin)'),
    yAxis: { ...valueAxis('per cent of the class’s crops') },
    series: [
      bars('low flow', shares[0]!, COLOURS.low, 'rect'),
      bars('high flow', shares[1]!, COLOURS.high, 'rect'),
    ],
  };
  return renderSvg('histogram', 'Histogram of probabilities by true class', option);
}

function classShares(label: ArrayLike<number>, probability: ArrayLike<number>, y: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  let crops = 0;
  for (let i = 0; i < label.length; i++) {
    if (label[i] !== y) continue;
    counts[Math.min(BINS - 1, Math.floor(probability[i]! * BINS))]!++;
    crops++;
  }
  return counts.map((n) => (crops === 0 ? 0 : (100 * n) / crops));
}

const bars = (name: string, data: number[], color: string, icon: string) => ({
  type: 'bar' as const,
  name,
  data,
  icon,
  barGap: '0%',
  barCategoryGap: '18%',
  itemStyle: { color },
});
