// The answer of `predict`: mean probability of each layer with its interval, coloured and shaped by verdict.
import type { LayerVerdict, Verdict } from '../../metrics/verdict.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, percentAxis, valueAxis, VERDICT_STYLE } from '../theme.ts';
import { whiskerSeries } from './whiskers.ts';

/** Layers without crops leave a gap. `threshold` is the line between low and high. */
export function layersChart(layers: readonly LayerVerdict[], threshold = 0.5): string {
  const numbers = layers.map((layer) => layer.layer);
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  const verdicts = (Object.keys(VERDICT_STYLE) as Verdict[]).filter((verdict) =>
    layers.some((layer) => layer.verdict === verdict && layer.meanProbability !== null),
  );
  const option = {
    ...baseOption({
      title: 'Gas flow by layer',
      subtitle:
        'mean probability of high flow; whiskers: interval that allows for neighbouring frames being alike',
    }),
    xAxis: {
      ...valueAxis('layer', { min: first - 1, max: last + 1 }),
      minInterval: 1,
      splitLine: { show: false },
      axisLabel: {
        color: COLOURS.muted,
        fontSize: 12,
        formatter: (n: number) => (n < first || n > last ? '' : String(n)),
      },
    },
    yAxis: percentAxis('probability of high flow'),
    series: [
      ...verdicts.map((verdict, i) => ({
        ...markers(verdict, layers),
        ...(i === 0 ? { markLine: thresholdLine(threshold) } : {}),
      })),
      whiskerSeries(
        layers.flatMap(({ layer, low, high, verdict }) =>
          low === null || high === null
            ? []
            : [{ at: layer, low, high, colour: VERDICT_STYLE[verdict].colour }],
        ),
        'y',
        layers.length > 120 ? 0 : 4,
      ),
    ],
  };
  return renderSvg('layers', 'Mean probability of high gas flow by layer', option, WIDE);
}

function markers(verdict: Verdict, layers: readonly LayerVerdict[]) {
  const { colour, symbol, word } = VERDICT_STYLE[verdict];
  const mine = layers.filter((layer) => layer.verdict === verdict && layer.meanProbability !== null);
  return {
    type: 'scatter' as const,
    name: `${word} (${mine.length})`,
    data: mine.map((layer) => [layer.layer, layer.meanProbability!]),
    symbol,
    symbolSize: layers.length > 120 ? 5 : 10,
    itemStyle: { color: colour },
    z: 6,
  };
}

const thresholdLine = (threshold: number) => ({
  symbol: 'none',
  silent: true,
  label: { show: false },
  lineStyle: { color: COLOURS.muted, type: 'dashed' as const, width: 1.2 },
  data: [{ yAxis: threshold }],
});
