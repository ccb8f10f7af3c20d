// Reliability diagram: do the model's probabilities come true? Below it, how many crops stand behind each point.
import type { ReliabilityBin } from '../../metrics/calibration.ts';
import { decimal } from '../numbers.ts';
import { renderSvg } from '../svg.ts';
import { baseOption, COLOURS, MARGIN, percentAxis, valueAxis } from '../theme.ts';

/** `ece` is the expected calibration error of the same bins. */
export function reliabilityChart(bins: readonly ReliabilityBin[], ece: number): string {
  const filled = bins.filter((bin) => bin.crops > 0);
  const top = percentAxis('');
  const option = {
    ...baseOption({
      title: 'Reliability',
      subtitle: `share of high-flow crops where the model says p; expected calibration error ${decimal(ece)}`,
    }),
    grid: [
      { left: 70, right: MARGIN.right, top: MARGIN.top, height: 164, outerBoundsMode: 'none' as const },
      { left: 70, right: MARGIN.right, top: 286, bottom: 52, outerBoundsMode: 'none' as const },
    ],
    xAxis: [
      { ...top, axisLabel: { show: false } },
      { ...percentAxis('probability of high flow'), gridIndex: 1, nameGap: 28, containShape: false },
    ],
    yAxis: [
      { ...percentAxis('came true'), nameGap: 46 },
      { ...valueAxis('crops'), gridIndex: 1, nameGap: 46, splitNumber: 2 },
    ],
    series: [
      line('perfect', [[0, 0], [1, 1]], COLOURS.baseline, 'none', 'dashed'), // prettier-ignore
      line('model', filled.map((bin) => [bin.meanProbability, bin.shareOfClass1]), COLOURS.model, 'circle', 'solid'), // prettier-ignore
      {
        type: 'bar' as const,
        xAxisIndex: 1,
        yAxisIndex: 1,
        barWidth: (0.82 * 502) / bins.length,
        data: bins.map((bin) => [(bin.from + bin.to) / 2, bin.crops]),
        itemStyle: { color: COLOURS.baseline },
      },
    ],
  };
  return renderSvg('reliability', 'Reliability diagram', option);
}

function line(name: string, data: number[][], color: string, symbol: string, type: 'solid' | 'dashed') {
  return {
    type: 'line' as const,
    name,
    data,
    symbol,
    symbolSize: 8,
    lineStyle: { color, type, width: type === 'solid' ? 2.4 : 1.4 },
    itemStyle: { color },
  };
}
