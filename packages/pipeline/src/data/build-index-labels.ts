// Which class each HDF5 file holds: a list in file order, a table, what the file says of its recording, or its name.
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { classesOf, factsIn, sessionOf, type RecordingFacts } from '../store/recording-facts.ts';
import { readCsv, type CsvTable } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';

/** What is said of one file. */
export interface FileLabel {
  readonly label: number;
  readonly position: string | null;
  readonly session: string | null;
  readonly build: string | null;
  readonly machine: string | null;
  readonly gasFlow: string | null;
  /** Name of the recording; null keeps the video's. */
  readonly recording: string | null;
}

const FLOWS = ['low', 'mid', 'high'] as const;
const POSITIONS = ['left', 'mid', 'right'] as const;
const HINT =
  'give one label per file (--labels 0,1,0,1) or a CSV with the columns file,label (--labels labels.csv)';

/** Where the labels came from. */
export type LabelSource = 'given' | 'facts' | 'names';

export interface Labels {
  /** One for each file. */
  readonly files: readonly FileLabel[];
  readonly source: LabelSource;
}

/**
 * Labels of `files`, in their order.
 * @param given `0,1,0,1`; the path of a CSV with the columns `file,label` and, if wanted, those of {@link FACTS}; or undefined:
 * then `facts` tell, or names such as `left_low_0.h5` (low 0, high 1; with mid among them low 0, mid 1, high 2).
 * @param facts what each file says of its recording; what the table leaves open is theirs too
 * @throws {SpatterError} LABELS when the labels do not fit, FILE_NOT_FOUND or IO for the CSV.
 */
export function labelsOf(
  files: readonly string[],
  given: string | undefined,
  facts: readonly RecordingFacts[] = files.map(() => ({})),
): Labels {
  if (given === undefined) return inferred(files, facts);
  const isList = /^[\d,\s]+$/.test(given) || (given.includes(',') && !existsSync(given));
  return { files: isList ? fromList(files, given, facts) : fromTable(files, given, facts), source: 'given' };
}

function fromList(files: readonly string[], list: string, facts: readonly RecordingFacts[]): FileLabel[] {
  const labels = list.split(',').map((text) => toLabel(text.trim(), `--labels ${list}`));
  if (labels.length !== files.length) {
    throw wrong(`there must be one label for each of the ${files.length} files, got ${labels.length}`);
  }
  return labels.map((label, i) => withFacts(label, namedBy(files[i]!, facts[i]!)));
}

/** Facts, and the position in the file's name where they leave it open. */
function namedBy(file: string, facts: RecordingFacts): RecordingFacts {
  const { position } = nameParts(file);
  return position === null ? facts : { position, ...facts };
}

function withFacts(label: number, facts: RecordingFacts): FileLabel {
  const { position = null, build = null, machine = null, recording = null, gas_flow: gasFlow = null } = facts;
  return { label, position, session: sessionOf(facts), build, machine, gasFlow, recording };
}

function fromTable(files: readonly string[], path: string, facts: readonly RecordingFacts[]): FileLabel[] {
  const table = readCsv(path);
  const missing = ['file', 'label'].find((column) => !table.columns.includes(column));
  if (missing !== undefined) throw wrong(`${path} must have a column ${missing}`);
  return files.map((file, i) => tableRow(table, path, file, facts[i]!));
}

function tableRow({ columns, rows }: CsvTable, path: string, file: string, facts: RecordingFacts): FileLabel {
  const at = columns.indexOf('file');
  const matches = rows.filter((row) => basename(row[at] ?? '') === basename(file));
  const row = matches.find((each) => each[at] === file) ?? matches[0];
  if (row === undefined) throw wrong(`${path} must have a row for ${basename(file)}`);
  const said = factsIn(Object.fromEntries(columns.map((column, i) => [column, row[i]])));
  return withFacts(toLabel(said.label ?? '', `${path}, ${basename(file)}`), { ...facts, ...said });
}

/** Facts tell as soon as one file has any that does; the others then tell their flow by their name. */
function inferred(files: readonly string[], facts: readonly RecordingFacts[]): Labels {
  const tells = ({ label, gas_flow }: RecordingFacts) => label !== undefined || gas_flow !== undefined;
  if (!facts.some(tells)) {
    return { files: namedFlows(files, facts), source: 'names' };
  }
  const whole = facts.map((each, i): RecordingFacts => {
    return tells(each)
      ? namedBy(files[i]!, each)
      : { gas_flow: flowOf(files[i]!), ...namedBy(files[i]!, each) };
  });
  const labels = classesOf(whole).map((label, i) =>
    toLabel(label ?? '', `${basename(files[i]!)}, its attribute label`),
  );
  return { files: whole.map((each, i) => withFacts(labels[i]!, each)), source: 'facts' };
}

/** Low and high are what the labels 0 and 1 stand for; with a mid flow the labels say less than the names, which are kept. */
function namedFlows(files: readonly string[], facts: readonly RecordingFacts[]): FileLabel[] {
  const flows = files.map(flowOf);
  const three = flows.includes('mid');
  const present = FLOWS.filter((flow) => three || flow !== 'mid');
  return flows.map((flow, i) => {
    const said = namedBy(files[i]!, facts[i]!);
    return withFacts(present.indexOf(flow), three ? { gas_flow: flow, ...said } : said);
  });
}

function flowOf(file: string): (typeof FLOWS)[number] {
  const { flow } = nameParts(file);
  if (flow !== null) return flow;
  throw wrong(`the name must tell the gas flow (low, mid or high), that of ${basename(file)} does not`);
}

/** Of `mid_high_2.h5`: the flow is the last word that names one, the position the first word if it names one. */
function nameParts(file: string): { flow: (typeof FLOWS)[number] | null; position: string | null } {
  const words = basename(file)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .split(/[_\-\s]+/);
  const position = POSITIONS.find((name) => name === words[0]) ?? null;
  const rest = position === null ? words : words.slice(1);
  const last = rest.findLast((word) => FLOWS.some((flow) => flow === word));
  return { flow: FLOWS.find((flow) => flow === last) ?? null, position };
}

function toLabel(text: string, where: string): number {
  if (/^\d+$/.test(text) && Number(text) <= 255) return Number(text);
  throw wrong(`${where}: a label must be a whole number from 0 to 255, got '${text}'`);
}

function wrong(message: string): SpatterError {
  return new SpatterError('LABELS', message, HINT);
}
