// Index against HDF5: rows that name nothing, files that cannot be read, crops that no row names, crops named twice.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CropFileReader } from '../../store/crop-file.ts';
import { SpatterError } from '../../util/errors.ts';
import type { CropIndex } from '../crop-index.ts';
import { placeCrops } from '../packed-cache-plan.ts';
import { placeName, placeOf, readQuarantine, withoutRows } from '../quarantine.ts';
import { finding, type Finding } from './finding.ts';

/** Rows of each dataset of a file; null where the file cannot be read, with the reason. */
type Contents = ReadonlyMap<string, number> | { readonly unreadable: string };

export interface AddressCheck {
  /** The rows that exist. */
  readonly index: CropIndex;
  readonly findings: readonly Finding[];
}

/** Opens each file once; reads no crop. */
export async function checkAddresses(index: CropIndex): Promise<AddressCheck> {
  const contents: Contents[] = [];
  for (const file of index.files) contents.push(await contentsOf(join(index.root, file)));
  const broken = index.files.flatMap((file, f) => {
    const found = contents[f]!;
    return 'unreadable' in found ? [`${file}: ${found.unreadable}`] : [];
  });
  const missing = missingRows(index, contents);
  const kept = withoutRows(index, new Set(missing.rows));
  const findings = [
    ...finding('no_rows', 'error', index.length > 0 ? [] : [index.name], () => 'The index names no crop'),
    ...finding(
      'unreadable_file',
      'error',
      broken,
      (n) => `${n} HDF5 files of the index are missing or damaged`,
    ),
    ...finding(
      'missing_row',
      'error',
      missing.where,
      (n) => `${n} rows of the index name a crop that does not exist`,
    ),
    ...unlisted(index, contents),
    ...namedTwice(index),
  ];
  return { index: kept, findings };
}

async function contentsOf(path: string): Promise<Contents> {
  if (!existsSync(path)) return { unreadable: 'does not exist' };
  try {
    const reader = await CropFileReader.open(path);
    try {
      return new Map(reader.datasets().map(({ name, length }) => [name, length]));
    } finally {
      reader.close();
    }
  } catch (error) {
    if (!(error instanceof SpatterError)) throw error;
    return { unreadable: error.message };
  }
}

/** Rows without a crop; those of unreadable files are among `rows`, but have their own finding. */
function missingRows(index: CropIndex, contents: readonly Contents[]) {
  const [rows, where]: [number[], string[]] = [[], []];
  for (let row = 0; row < index.length; row++) {
    const found = contents[index.file[row]!]!;
    const readable = !('unreadable' in found);
    const length = readable ? (found.get(index.datasets[index.dataset[row]!]!) ?? 0) : 0;
    if (index.dsIdx[row]! < length) continue;
    rows.push(row);
    if (readable) where.push(`line ${row + 2}: ${placeName(placeOf(index, row))}`);
  }
  return { rows, where };
}

/** Crops in the files that neither the index nor the quarantine names. */
function unlisted(index: CropIndex, contents: readonly Contents[]): Finding[] {
  const quarantined = readQuarantine(index.root);
  const listed = new Map<string, Uint8Array>();
  index.files.forEach((file, f) => {
    const found = contents[f]!;
    if ('unreadable' in found) return;
    for (const [dataset, length] of found)
      listed.set(JSON.stringify([file, dataset]), new Uint8Array(length));
  });
  const keys = index.files.map((file) => index.datasets.map((dataset) => JSON.stringify([file, dataset])));
  for (let row = 0; row < index.length; row++) {
    const seen = listed.get(keys[index.file[row]!]![index.dataset[row]!]!);
    if (seen !== undefined && index.dsIdx[row]! < seen.length) seen[index.dsIdx[row]!] = 1;
  }
  const extra = [...listed].flatMap(([key, seen]) => {
    const [file, dataset] = JSON.parse(key) as [string, string];
    const rows = [...seen.keys()].filter((row) => seen[row] === 0);
    return rows.map((dsIdx) => placeName({ file, dataset, dsIdx })).filter((name) => !quarantined.has(name));
  });
  return [
    ...finding('unlisted_crop', 'warning', extra, (n) => `${n} crops of the HDF5 files are not in the index`),
    ...finding('quarantined_crop', 'note', [...quarantined], (n) => `${n} damaged crops were left out when the index was made`), // prettier-ignore
  ];
}

function namedTwice(index: CropIndex): Finding[] {
  const { slots, count } = placeCrops(index);
  const label = new Int16Array(count).fill(-1);
  const [twice, contradictions]: [string[], string[]] = [[], []];
  slots.forEach((slot, row) => {
    if (label[slot]! < 0) label[slot] = index.label[row]!;
    else if (label[slot] === index.label[row]) twice.push(placeName(placeOf(index, row)));
    else contradictions.push(placeName(placeOf(index, row)));
  });
  return [
    ...finding('repeated_row', 'error', twice, (n) => `${n} rows name a crop that another row names too`),
    ...finding('contradicting_label', 'error', contradictions, (n) => `${n} rows give a crop another label than another row does`), // prettier-ignore
  ];
}
