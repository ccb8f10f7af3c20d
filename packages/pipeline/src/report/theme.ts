// One look for every chart and page: colours that stay apart for colour-blind readers (Okabe and Ito, 2008), light ground.
import type { EChartsOption } from 'echarts';
import type { Verdict } from '../metrics/verdict.ts';

export const COLOURS = {
  text: '#1b2530',
  muted: '#5a6775',
  line: '#c9d0d8',
  grid: '#e8ebef',
  paper: '#ffffff',
  model: '#0072b2',
  baseline: '#7d8995',
  train: '#e69f00',
  high: '#0072b2',
  low: '#d55e00',
} as const;

/** Colour, marker and word of each verdict: told apart by shape as well as by colour. */
export const VERDICT_STYLE: Record<Verdict, { colour: string; symbol: string; word: string }> = {
  high: { colour: COLOURS.high, symbol: 'circle', word: 'high flow' },
  low: { colour: COLOURS.low, symbol: 'diamond', word: 'low flow' },
  unclear: { colour: '#b8860b', symbol: 'triangle', word: 'unclear' },
  'cannot judge': { colour: '#8793a0', symbol: 'emptyCircle', word: 'cannot judge' },
};

/** No name in quotes: the SVG renderer writes them into an attribute as they are. */
export const FONT = 'Roboto, Helvetica, Arial, sans-serif';

export interface ChartText {
  readonly title: string;
  /** One line of explanation under the title. */
  readonly subtitle: string;
}

/** Space in pixels around the plotting area; the top holds title, subtitle and legend. */
export const MARGIN = { left: 20, right: 28, top: 104, bottom: 20 } as const;

/** What every chart starts from: no animation (nothing to animate in a file), title, legend row, one grid. */
export function baseOption({ title, subtitle }: ChartText): EChartsOption {
  return {
    animation: false,
    backgroundColor: COLOURS.paper,
    textStyle: { fontFamily: FONT, color: COLOURS.text, fontSize: 13 },
    title: {
      text: title,
      subtext: subtitle,
      left: 14,
      top: 10,
      itemGap: 6,
      textStyle: { fontFamily: FONT, fontSize: 17, fontWeight: 600, color: COLOURS.text },
      subtextStyle: { fontFamily: FONT, fontSize: 12.5, color: COLOURS.muted },
    },
    legend: {
      left: 12,
      top: 62,
      itemWidth: 20,
      itemHeight: 11,
      itemGap: 18,
      textStyle: { fontFamily: FONT, color: COLOURS.text, fontSize: 12.5 },
    },
    grid: { ...MARGIN, outerBoundsMode: 'same', outerBoundsContain: 'all' },
  };
}

const LABEL = { color: COLOURS.muted, fontFamily: FONT, fontSize: 12 } as const;
const NAME = {
  nameLocation: 'middle',
  nameGap: 10,
  nameTextStyle: { color: COLOURS.text, fontFamily: FONT, fontSize: 12.5 },
} as const;

/** A numeric axis with light grid lines. `name` says quantity and unit. */
export function valueAxis(name: string, range: { min?: number; max?: number } = {}) {
  return {
    type: 'value',
    name,
    ...NAME,
    ...range,
    axisLabel: LABEL,
    axisLine: { show: true, lineStyle: { color: COLOURS.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: COLOURS.grid } },
  } as const;
}

/** A numeric axis from 0 to 1 (or from `min`) labelled in per cent. */
export function percentAxis(name: string, min = 0) {
  const axis = valueAxis(name, { min, max: 1 });
  const formatter = (value: number) => `${Math.round(value * 100)} %`;
  return { ...axis, axisLabel: { ...LABEL, formatter } } as const;
}

/** An axis of names, without grid lines. */
export function nameAxis(names: readonly string[], name = '') {
  return {
    type: 'category' as const,
    data: [...names],
    name,
    ...NAME,
    axisLabel: { ...LABEL, color: COLOURS.text },
    axisLine: { lineStyle: { color: COLOURS.line } },
    axisTick: { show: false },
  };
}

/** Ends of a logarithmic axis around positive values: one digit each, so that both can be read. */
export function logRange(least: number, most: number): { min: number; max: number } {
  const digit = (value: number, round: (x: number) => number): number => {
    const power = 10 ** Math.floor(Math.log10(value));
    return Number((round(value / power) * power).toPrecision(1));
  };
  return { min: digit(least / 1.05, Math.floor), max: digit(most * 1.05, Math.ceil) };
}
