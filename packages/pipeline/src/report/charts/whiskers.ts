// Interval whiskers for charts: a line from low to high with short caps, along either axis.
import type { CustomSeriesOption } from 'echarts';
import { COLOURS } from '../theme.ts';

export interface Whisker {
  /** Place on the other axis: a number, or the index of a name. */
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly colour?: string;
}

/** A series of whiskers; `along` is the axis the interval runs along. */
export function whiskerSeries(whiskers: readonly Whisker[], along: 'x' | 'y', cap = 5): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    z: 5,
    encode: along === 'y' ? { x: 0, y: [1, 2] } : { y: 0, x: [1, 2] },
    data: whiskers.map(({ at, low, high }) => [at, low, high]),
    renderItem: (params, api) => {
      const point = (value: number) => {
        const at = api.value(0);
        return along === 'y' ? api.coord([at, value]) : api.coord([value, at]);
      };
      const [from, to] = [point(Number(api.value(1))), point(Number(api.value(2)))];
      const stroke = whiskers[params.dataIndex]?.colour ?? COLOURS.text;
      return { type: 'group', children: strokes(from, to, along, cap).map((shape) => line(shape, stroke)) };
    },
  };
}

type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

function strokes(from: readonly number[], to: readonly number[], along: 'x' | 'y', cap: number): Segment[] {
  const [x1, y1, x2, y2] = [from[0]!, from[1]!, to[0]!, to[1]!];
  const across = ([x, y]: readonly [number, number]): Segment =>
    along === 'y' ? [x - cap, y, x + cap, y] : [x, y - cap, x, y + cap];
  return [[x1, y1, x2, y2], across([x1, y1]), across([x2, y2])];
}

const line = ([x1, y1, x2, y2]: Segment, stroke: string) =>
  ({
    type: 'line',
    shape: { x1, y1, x2, y2 },
    style: { stroke, lineWidth: 1.6 },
  }) as const;
