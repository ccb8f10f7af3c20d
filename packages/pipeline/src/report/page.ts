// Builds one self-contained HTML page: no outside resources, every text escaped, readable on screen, phone and paper.
import { escapeHtml } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';

/** Colour of a tile, badge or picture frame. */
export type Tone = 'plain' | 'high' | 'low' | 'unclear' | 'muted';

/** A key figure. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  /** Small print under the figure, such as its interval. */
  readonly note?: string;
  readonly tone?: Tone;
}

/** One line of the "how this was measured" box; `warn` marks what limits the figures. */
export interface Statement {
  readonly topic: string;
  readonly text: string;
  readonly warn?: boolean;
}

export interface Figure {
  /** SVG document as the charts return it. */
  readonly svg: string;
  readonly caption?: string;
  /** Takes the whole width. */
  readonly wide?: boolean;
}

export interface Picture {
  /** JPEG bytes, shown as they are. */
  readonly jpeg: Uint8Array;
  readonly caption: string;
  readonly tone?: Tone;
}

/** Pictures to be compared, side by side. */
export interface PicturePair {
  readonly pictures: readonly Picture[];
  readonly caption: string;
  readonly tone?: Tone;
}

export type Cell = string | number | { readonly text: string; readonly tone: Tone };

export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Cell[])[];
      /** Folded away behind this line until opened; printed open. */
      readonly fold?: string;
    }
  | { readonly kind: 'figures'; readonly figures: readonly Figure[] }
  | { readonly kind: 'gallery'; readonly pictures: readonly Picture[] }
  | { readonly kind: 'pairs'; readonly pairs: readonly PicturePair[] };

export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  /** The answer in one line, under the title. */
  readonly headline?: { readonly text: string; readonly tone: Tone };
  readonly tiles: readonly Tile[];
  /** How the figures were measured: shown right under them, so that none stands alone. */
  readonly measured: { readonly title: string; readonly statements: readonly Statement[] };
  readonly sections: readonly Section[];
  readonly footer: string;
}

/** The page as HTML text (UTF-8). The same input gives the same bytes. */
export function renderPage(page: Page): string {
  const title = safe(page.title);
  const parts = [
    `<header><h1>${title}</h1><p class="subtitle">${safe(page.subtitle)}</p>${headline(page)}</header>`,
    `<div class="tiles">${page.tiles.map(tile).join('')}</div>`,
    measured(page.measured),
    ...page.sections.map(section),
    `<footer>${safe(page.footer)}</footer>`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
${parts.join('\n')}
</main>
</body>
</html>
`;
}

function headline({ headline: line }: Page): string {
  return line === undefined ? '' : `<p class="headline ${line.tone}">${safe(line.text)}</p>`;
}

function tile({ label, value, note, tone = 'plain' }: Tile): string {
  const small = note === undefined ? '' : `<span class="note">${safe(note)}</span>`;
  return `<div class="tile ${tone}"><span class="label">${safe(label)}</span><span class="value">${safe(value)}</span>${small}</div>`;
}

function measured({ title, statements }: Page['measured']): string {
  const rows = statements.map(
    ({ topic, text, warn }) =>
      `<dt>${safe(topic)}</dt><dd${warn === true ? ' class="warn"' : ''}>${safe(text)}</dd>`,
  );
  return `<section class="measured"><h2>${safe(title)}</h2><dl>${rows.join('')}</dl></section>`;
}

function section({ title, blocks }: Section): string {
  return `<section><h2>${safe(title)}</h2>\n${blocks.map(block).join('\n')}</section>`;
}

function block(one: Block): string {
  switch (one.kind) {
    case 'text':
      return `<p>${safe(one.text)}</p>`;
    case 'table':
      return one.fold === undefined
        ? table(one.columns, one.rows)
        : `<details><summary>${safe(one.fold)}</summary>${table(one.columns, one.rows)}</details>`;
    case 'figures':
      return `<div class="figures">${one.figures.map(figure).join('\n')}</div>`;
    case 'gallery':
      return `<div class="gallery">${one.pictures.map(picture).join('')}</div>`;
    case 'pairs':
      return `<div class="pairs">${one.pairs.map(picturePair).join('')}</div>`;
  }
}

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = columns.map((_, k) => rows.length > 0 && rows.every((row) => isNumeric(row[k])));
  const attribute = (k: number) => (numeric[k] === true ? ' class="number"' : '');
  const head = columns.map((name, k) => `<th${attribute(k)}>${safe(name)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((value, k) => cell(value, attribute(k))).join('')}</tr>`);
  const header = columns.every((name) => name === '') ? '' : `<thead><tr>${head}</tr></thead>`;
  return `<div class="scroll"><table>${header}<tbody>${body.join('\n')}</tbody></table></div>`;
}

function cell(value: Cell, attribute: string): string {
  if (typeof value !== 'object') return `<td${attribute}>${safe(String(value))}</td>`;
  return `<td${attribute}><span class="badge ${value.tone}">${safe(value.text)}</span></td>`;
}

const isNumeric = (value: Cell | undefined): boolean =>
  typeof value === 'number' ||
  (typeof value === 'string' && /^(–|[+−-]?\d[\d,.]*( %| points)?)$/.test(value));

function figure({ svg, caption, wide }: Figure): string {
  const text = caption === undefined ? '' : `<figcaption>${safe(caption)}</figcaption>`;
  return `<figure${wide === true ? ' class="wide"' : ''}>${svg}${text}</figure>`;
}

function picture({ jpeg, caption, tone = 'plain' }: Picture): string {
  const data = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).toString('base64');
  const text = safe(caption);
  return `<figure class="${tone}"><img alt="${text}" src="data:image/jpeg;base64,${data}"><figcaption>${text}</figcaption></figure>`;
}

function picturePair({ pictures, caption, tone = 'plain' }: PicturePair): string {
  const both = pictures.map((each) => picture({ tone, ...each })).join('');
  return `<figure><div class="gallery">${both}</div><figcaption>${safe(caption)}</figcaption></figure>`;
}

/** Escaped, with a number and its per cent sign kept on one line. */
const safe = (text: string): string => escapeHtml(text).replace(/ %/g, '&nbsp;%');
