// Spatter per frame over the whole recording, with the layers behind it.
import { renderSvg, WIDE } from '../svg.ts';
import { baseOption, COLOURS, valueAxis } from '../theme.ts';

export interface LayerSpan {
  readonly layer: number;
  /** First and last frame. */
  readonly from: number;
  readonly to: number;
}

const BUCKETS = 560;

/** `counts[i]` is the number of crops in frame `firstFrame + i`; long recordings are drawn as mean and maximum of stretches. */
export function spatterChart(
  counts: ArrayLike<number>,
  layers: readonly LayerSpan[] = [],
  firstFrame = 0,
): string {
  const stretch = Math.max(1, Math.ceil(counts.length / BUCKETS));
  const buckets = Array.from({ length: Math.ceil(counts.length / stretch) }, (_, k) =>
    bucket(counts, k * stretch, Math.min(counts.length, (k + 1) * stretch)),
  );
  const x = (k: number) => firstFrame + k * stretch;
  const last = firstFrame + counts.length - 1;
  const option = {
    ...baseOption({
      title: 'Spatter over time',
      subtitle:
        stretch === 1 ? 'crops in each frame' : `crops per frame, over stretches of ${stretch} frames`,
    }),
    xAxis: {
      ...valueAxis('frame', { min: firstFrame, max: Math.max(firstFrame + 1, last) }),
      splitLine: { show: false },
    },
    yAxis: { ...valueAxis('crops per frame'), minInterval: 1 },
    series: [
      ...(stretch === 1 ? [] : [area('maximum', buckets.map((b, k) => [x(k), b.most]), '#9dc9e6')]), // prettier-ignore
      { ...area(stretch === 1 ? 'crops' : 'mean', buckets.map((b, k) => [x(k), b.mean]), COLOURS.model), markArea: bands(layers) }, // prettier-ignore
    ],
  };
  return renderSvg('spatter', 'Crops per frame with layers', option, WIDE);
}

function bucket(counts: ArrayLike<number>, from: number, to: number) {
  let [sum, most] = [0, 0];
  for (let i = from; i < to; i++) {
    sum += counts[i]!;
    most = Math.max(most, counts[i]!);
  }
  return { mean: sum / (to - from), most };
}

const area = (name: string, data: number[][], color: string) => ({
  type: 'line' as const,
  name,
  data,
  symbol: 'none',
  lineStyle: { color, width: 1 },
  itemStyle: { color },
  areaStyle: { color, opacity: 0.35 },
});

/** Bands behind every other layer; numbers where there is room for them. */
function bands(layers: readonly LayerSpan[]) {
  const every = Math.ceil(layers.length / 30);
  return {
    silent: true,
    label: { position: 'insideTop' as const, color: COLOURS.muted, fontSize: 11 },
    data: layers.map(({ layer, from, to }, i): [object, object] => [
      {
        name: i % every === 0 ? String(layer) : '',
        xAxis: from,
        itemStyle: { color: i % 2 === 0 ? '#dfe6ee' : '#ffffff', opacity: 0.7 },
      },
      { xAxis: to },
    ]) as never,
  };
}
