// Writes the evaluation of a model of several classes as a page and its charts.
import { join } from 'node:path';
import { classCharts, classPage, type ClassReport } from '../report/class-page.ts';
import { writeFileAtomic } from '../util/atomic.ts';

/** Writes `report.html` and one SVG per chart into `folder`. */
export function writeClassReport(folder: string, report: ClassReport): void {
  const charts = classCharts(report);
  for (const [name, svg] of Object.entries(charts)) writeFileAtomic(join(folder, `${name}.svg`), svg);
  writeFileAtomic(join(folder, 'report.html'), classPage(report, charts));
}
