// Draws an ECharts option to an SVG string without a browser; the same option gives the same bytes in any process.
import type { EChartsOption } from 'echarts';
import { BarChart, CustomChart, HeatmapChart, LineChart, ParallelChart, ScatterChart } from 'echarts/charts';
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
  TitleComponent,
  VisualMapComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { escapeHtml, withoutControls } from './html.ts';

use([
  BarChart,
  CustomChart,
  HeatmapChart,
  LineChart,
  ParallelChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ParallelComponent,
  TitleComponent,
  VisualMapComponent,
  SVGRenderer,
]);

export interface ChartSize {
  /** Pixels; the drawing scales with its container. */
  readonly width: number;
  readonly height: number;
}

/** Half the page and the whole page. */
export const HALF: ChartSize = { width: 600, height: 400 };
export const WIDE: ChartSize = { width: 1220, height: 400 };

/** SVG document of a chart. `name` makes its inner ids unique on a page; `description` is read to those who cannot see it. */
export function renderSvg(
  name: string,
  description: string,
  option: EChartsOption,
  size: ChartSize = HALF,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption(option);
    return normalise(chart.renderToSVGString(), name, description);
  } finally {
    chart.dispose();
  }
}

/**
 * ECharts numbers ids and hover classes by a counter of the process: ids are numbered anew per drawing, hover styles and
 * the marks of its browser companion go.
 */
function normalise(svg: string, name: string, description: string): string {
  const ids = new Map<string, string>();
  const renamed = (id: string) => {
    if (!ids.has(id)) ids.set(id, `${name}-${ids.size}`);
    return ids.get(id)!;
  };
  return withoutControls(svg)
    .replace(/<style ><!\[CDATA\[[^]*?\]\]>\s*<\/style>\s*/g, '')
    .replace(/ (?:class|ecmeta_\w+|pointer-events)="[^"]*"/g, '')
    .replace(/\bzr\d+-[a-z]+\d+\b/g, renamed)
    .replace(/<svg ([^>]*)>/, (_, attributes: string) => {
      const label = escapeHtml(description);
      return `<svg ${attributes} role="img" aria-label="${label}">\n<title>${label}</title>`;
    });
}
