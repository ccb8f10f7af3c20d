// The answer of `predict` for a model of classes: what share of each layer's crops was called what.
import type { ClassLayerVerdict } from '../../metrics/class-verdict.ts';
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, nameAxis, percentAxis } from '../theme.ts';

/** Okabe and Ito's colours; with more classes they come again, paler. */
const CLASS_COLOURS = [
  ...[COLOURS.model, COLOURS.train, '#009e73', '#cc79a7'],
  ...[COLOURS.low, '#56b4e9', '#b8a500', COLOURS.baseline],
];

/** One bar for each layer with crops, stacked by class. */
export function classLayersChart(layers: readonly ClassLayerVerdict[], labels: readonly string[]): string {
  const seen = layers.filter(({ crops }) => crops > 0);
  const option = {
    ...baseOption({
      title: 'Classes by layer',
      subtitle: 'share of each layer’s judged crops that was called a class',
    }),
    xAxis: nameAxis(
      seen.map(({ layer }) => String(layer)),
      'layer',
    ),
    yAxis: percentAxis('share of crops'),
    series: labels.map((name, k) => ({
      type: 'bar' as const,
      name,
      stack: 'classes',
      barMaxWidth: 48,
      data: seen.map(({ classes, crops }) => classes[k]!.crops / crops),
      itemStyle: {
        color: CLASS_COLOURS[k % CLASS_COLOURS.length]!,
        opacity: k < CLASS_COLOURS.length ? 1 : 0.5,
      },
    })),
  };
  return renderSvg('class-layers', 'Share of crops of each class by layer', option, WIDE);
}
