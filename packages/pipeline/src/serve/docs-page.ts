// The page at /docs, drawn from the OpenAPI document: no outside resources, so it works on a machine without the internet.
import { escapeHtml } from '../report/html.ts';
import { COLOURS, FONT } from '../report/theme.ts';
import { TRY_SCRIPT } from './docs-script.ts';
import { PROBLEMS } from './problem.ts';

interface Schema {
  readonly [key: string]: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly description?: string;
}

interface Body {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

/** What is read of an OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

export interface Endpoint extends Operation {
  readonly method: string;
  readonly path: string;
}

/** Every operation, in the order of the document. */
export function endpoints({ paths }: OpenApiDocument): Endpoint[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
    })),
  );
}

/** The endpoints by their tag, in the order of the tags' first use. */
export function byTag(document: OpenApiDocument): Map<string, Endpoint[]> {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints(document)) {
    const tag = endpoint.tags?.[0] ?? 'Other';
    groups.set(tag, [...(groups.get(tag) ?? []), endpoint]);
  }
  return groups;
}

/** The name of the component that `schema` refers to, or its type. */
export function schemaName(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  if (typeof schema['$ref'] === 'string') return schema['$ref'].split('/').at(-1)!;
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ');
  if (Array.isArray(schema['anyOf'])) return (schema['anyOf'] as Schema[]).map(schemaName).join(' | ');
  if (schema['type'] === 'array') return `${schemaName(schema['items'] as Schema)}[]`;
  const type = schema['type'];
  const name = Array.isArray(type) ? type.join(' | ') : typeof type === 'string' ? type : 'any';
  return schema['format'] === 'binary' ? 'bytes' : name;
}

const STYLE = `
* { box-sizing: border-box; }
body { margin: 0; color: ${COLOURS.text}; background: #fff; font: 15px/1.55 ${FONT}; }
main { max-width: 980px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 27px; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 40px 0 12px; padding-bottom: 6px; border-bottom: 1px solid ${COLOURS.line}; }
p { margin: 0 0 10px; max-width: 80ch; }
.muted { color: ${COLOURS.muted}; }
code, pre, input, textarea { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details.op { border: 1px solid ${COLOURS.line}; border-radius: 6px; margin: 0 0 10px; }
details.op > summary { cursor: pointer; padding: 9px 14px; display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; }
details.op > summary::after { content: ''; flex: none; width: 7px; height: 7px; margin: 0 2px 2px 0; border: solid ${COLOURS.muted}; border-width: 0 2px 2px 0; transform: rotate(45deg); align-self: center; }
details.op > summary > span.grow { flex: 1; }
details.op[open] > summary::after { transform: rotate(225deg); margin-bottom: -4px; }
details.op > summary:hover { background: #f6f8fa; border-radius: 6px; }
details.op[open] > summary { border-bottom: 1px solid ${COLOURS.grid}; background: #f6f8fa; border-radius: 6px 6px 0 0; }
.op .body { padding: 14px; }
.method { font-weight: 700; font-size: 12px; width: 64px; padding: 2px 0; text-align: center; border-radius: 4px; color: #fff; background: ${COLOURS.muted}; }
.method.GET { background: #1f6f8b; } .method.POST { background: #2e7d4f; } .method.DELETE { background: #a8442a; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 0 0 12px; }
th { text-align: left; color: ${COLOURS.muted}; font-weight: 600; border-bottom: 1.5px solid ${COLOURS.line}; }
th, td { padding: 5px 14px 5px 0; vertical-align: top; }
td { border-bottom: 1px solid ${COLOURS.grid}; }
td:first-child, th:first-child { width: 1%; min-width: 64px; white-space: nowrap; }
td:last-child, th:last-child { padding-right: 0; }
td.type { width: 1%; min-width: 110px; white-space: nowrap; }
.bodies td:first-child { min-width: 240px; }
.bodies td.type { width: auto; }
a { color: #1f6f8b; }
form { background: #f6f8fa; border-radius: 6px; padding: 12px 14px; display: grid; gap: 8px; }
form label { display: grid; gap: 3px; font-size: 13px; color: ${COLOURS.muted}; }
input:not([type=file]), textarea { width: 100%; padding: 6px 8px; border: 1px solid ${COLOURS.line}; border-radius: 4px; background: #fff; }
button { justify-self: start; font: inherit; padding: 6px 16px; border: 0; border-radius: 4px; background: ${COLOURS.text}; color: #fff; cursor: pointer; }
pre { margin: 0; padding: 10px 12px; background: #10161c; color: #e6edf3; border-radius: 4px; overflow: auto; max-height: 420px; white-space: pre-wrap; overflow-wrap: anywhere; }
.open { font-size: 12px; }
@media (max-width: 640px) {
  main { padding: 24px 14px 48px; }
  .problems td:nth-child(3), .problems th:nth-child(3) { display: none; }
  .problems td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 110px; }
}
`;

/** The page as HTML text (UTF-8). */
export function docsPage(document: OpenApiDocument): string {
  const { title, version, description = '' } = document.info;
  const groups = [...byTag(document)].map(
    ([tag, list]) => `<h2>${escapeHtml(tag)}</h2>\n${list.map(operationHtml).join('\n')}`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} API</title><style>${STYLE}</style></head>
<body><main>
<h1>${escapeHtml(title)} API</h1>
<p class="muted">Version ${escapeHtml(version)}. ${escapeHtml(description)} Machine-readable: <a href="/openapi.json">openapi.json</a>.</p>
<form id="access"><label>Bearer token, if the server asks for one <input name="token" type="password" autocomplete="off"></label></form>
${groups.join('\n')}
<h2>Schemas</h2>
${Object.entries(document.components?.schemas ?? {})
  .map(schemaHtml)
  .join('\n')}
<h2>Problems</h2>
${problemsHtml()}
</main><script>${TRY_SCRIPT}</script></body></html>
`;
}

/** Text with its \`code\` marked up. */
const prose = (text: string): string => escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function operationHtml(op: Endpoint): string {
  const open = (op.security ?? []).length === 0 ? '<span class="open muted">no token</span>' : '';
  const text = op.description === undefined ? '' : `<p>${prose(op.description)}</p>`;
  return `<details class="op"><summary><span class="method ${op.method}">${op.method}</span><code>${escapeHtml(op.path)}</code><span class="grow">${escapeHtml(op.summary ?? '')}</span>${open}</summary>
<div class="body">${text}${parametersHtml(op)}${bodyHtml(op)}${responsesHtml(op)}${tryHtml(op)}</div></details>`;
}

function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[], name = 'facts'): string {
  const head = columns.map((column) => `<th>${column}</th>`).join('');
  const cells = (row: readonly string[]) =>
    row.map((cell, i) => `<td${columns[i] === TYPE ? ' class="type"' : ''}>${cell}</td>`).join('');
  const body = rows.map((row) => `<tr>${cells(row)}</tr>`).join('');
  return `<table class="${name}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** Heading of columns that name a schema. */
const TYPE = 'Type';

/** {@link schemaName} with a link to the schema of every component in it. */
function typeHtml(schema: Schema | undefined): string {
  if (schema === undefined) return '';
  if (Array.isArray(schema['anyOf'])) return (schema['anyOf'] as Schema[]).map(typeHtml).join(' | ');
  if (schema['type'] === 'array') return `${typeHtml(schema['items'] as Schema)}[]`;
  const name = escapeHtml(schemaName(schema));
  return schema['$ref'] === undefined ? name : `<a href="#schema-${name}">${name}</a>`;
}

function parametersHtml({ parameters = [] }: Endpoint): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(({ name, in: place, schema, description = '' }) => [
    `<code>${escapeHtml(name)}</code>`,
    escapeHtml(place),
    typeHtml(schema),
    prose(description || textOf(schema?.['description'])),
  ]);
  return tableHtml(['Parameter', 'In', TYPE, 'Meaning'], rows);
}

function bodyHtml({ requestBody }: Endpoint): string {
  const types = Object.entries(requestBody?.content ?? {});
  if (types.length === 0) return '';
  const rows = types.map(([type, { schema }]) => [`<code>${escapeHtml(type)}</code>`, typeHtml(schema)]);
  return tableHtml(['Body', TYPE], rows, 'bodies');
}

function responsesHtml({ responses }: Endpoint): string {
  const rows = Object.entries(responses).map(([status, { description = '', content = {} }]) => [
    escapeHtml(status),
    prose(description),
    typeHtml(Object.values(content)[0]?.schema),
  ]);
  return tableHtml(['Answer', 'Meaning', TYPE], rows);
}

/** A form that `TRY_SCRIPT` sends. */
function tryHtml({ method, path, parameters = [], requestBody }: Endpoint): string {
  const fields = parameters.map(
    ({ name, in: place }) =>
      `<label>${escapeHtml(name)} <input name="${escapeHtml(name)}" data-in="${escapeHtml(place)}"></label>`,
  );
  const file = requestBody === undefined ? '' : '<label>File <input type="file" multiple></label>';
  return `<form class="try" data-method="${method}" data-path="${escapeHtml(path)}">${fields.join('')}${file}<button>Send</button><pre hidden></pre></form>`;
}

function schemaHtml([name, schema]: [string, Schema]): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const rows = properties.map(([key, one]) => [
    `<code>${escapeHtml(key)}</code>`,
    typeHtml(one),
    prose(textOf(one['description'])),
  ]);
  return `<details class="op" id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code><span class="grow"></span></summary><div class="body">${tableHtml(['Field', TYPE, 'Meaning'], rows)}</div></details>`;
}

function problemsHtml(): string {
  const rows = Object.entries(PROBLEMS).map(([kind, [status, title, meaning]]) => [
    `<code id="${kind}">${kind}</code>`,
    String(status),
    escapeHtml(title),
    prose(meaning),
  ]);
  return tableHtml(['Problem', 'Status', 'Title', 'Meaning'], rows, 'problems');
}
