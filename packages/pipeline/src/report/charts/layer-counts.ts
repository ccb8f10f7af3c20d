// Crops of each layer of a recording.
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, MARGIN, nameAxis, valueAxis } from '../theme.ts';

export interface LayerCount {
  readonly layer: number;
  readonly crops: number;
}

/** Beyond so many, layers without spatter are left out instead of drawn as gaps. */
const MOST = 2000;

/** Layers without spatter between the first and the last leave a gap. */
export function layerCountsChart(layers: readonly LayerCount[]): string {
  const crops = new Map(layers.map((each) => [each.layer, each.crops]));
  const numbers = [...crops.keys()].sort((a, b) => a - b);
  const [first, last] = [numbers[0] ?? 0, numbers.at(-1) ?? 0];
  const shown = last - first < MOST ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : numbers;
  const option = {
    ...baseOption({ title: 'Spatter by layer', subtitle: 'crops in each layer' }),
    grid: { ...MARGIN, top: 74, outerBoundsMode: 'same' as const, outerBoundsContain: 'all' as const },
    xAxis: nameAxis(shown.map(String), 'layer'),
    yAxis: { ...valueAxis('crops'), minInterval: 1 },
    series: [
      {
        type: 'bar' as const,
        data: shown.map((layer) => crops.get(layer) ?? 0),
        barMaxWidth: 48,
        itemStyle: { color: COLOURS.model },
      },
    ],
  };
  return renderSvg('layer-counts', 'Crops in each layer', option, WIDE);
}
