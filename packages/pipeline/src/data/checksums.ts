// The digests of all crops when their index was made: by them `data validate` names each crop whose bytes changed.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SpatterError } from '../util/errors.ts';
import { DIGEST_WORDS } from './crop-facts.ts';
import { readBytes } from '../util/read-file.ts';

/** Name of the file in the folder of an index. */
export const CHECKSUMS = 'checksums.bin';

export interface Checksums {
  /** Of the data set when the index was made. */
  readonly version: string;
  /** [crops, DIGEST_WORDS], by file name, dataset name and row. */
  readonly digests: Uint32Array;
}

const FORMAT = 'spatter checksums 1';

interface Header {
  readonly format: string;
  readonly dataset_version: string;
  readonly crops: number;
}

/** A line of JSON, then 16 bytes for each crop (words little-endian, as every machine of ours has them). */
export function formatChecksums({ version, digests }: Checksums): Uint8Array {
  const crops = digests.length / DIGEST_WORDS;
  const header: Header = { format: FORMAT, dataset_version: version, crops };
  const body = Buffer.from(digests.buffer, digests.byteOffset, digests.byteLength);
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
}

/**
 * The checksums beside an index; null where there are none.
 * @throws {SpatterError} INDEX_INVALID for a file that is cut or no such thing, IO.
 */
export function readChecksums(folder: string): Checksums | null {
  const path = join(folder, CHECKSUMS);
  if (!existsSync(path)) return null;
  const data = readBytes(path);
  const end = data.indexOf(10) + 1;
  const header = parseHeader(data.subarray(0, end).toString('utf8'));
  const body = data.subarray(end);
  if (header === null || body.length !== header.crops * DIGEST_WORDS * 4) throw spoilt(path);
  const digests = new Uint32Array(new Uint8Array(body).buffer);
  return { version: header.dataset_version, digests };
}

function parseHeader(line: string): Header | null {
  try {
    const header = JSON.parse(line) as Header;
    return header.format === FORMAT ? header : null;
  } catch {
    return null;
  }
}

function spoilt(path: string): SpatterError {
  const message = `${path} must be whole checksums as spatter data index writes them, it is damaged`;
  return new SpatterError(
    'INDEX_INVALID',
    message,
    'restore it, or build the index again with `spatter data index`',
  );
}
