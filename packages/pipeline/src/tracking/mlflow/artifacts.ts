// Artifacts of runs on a server: through the server where it serves them, or in the folder that it names.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localFolder, placeFile } from '../local/artifact-folder.ts';
import type { MlflowConnection } from './connection.ts';

const SERVED = 'api/2.0/mlflow-artifacts/artifacts';

/** Path under the server of an artifact address that the server serves itself, or null for one that lies elsewhere. */
function servedPath(artifactUri: string): string | null {
  const scheme = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(artifactUri);
  if (scheme !== null) return `${SERVED}/${scheme[1]!}`;
  return /^https?:/.test(artifactUri) ? artifactUri : null;
}

const addressOf = (path: string, name: string): string =>
  `${path.replace(/\/$/, '')}/${name.split('/').map(encodeURIComponent).join('/')}`;

/** @throws {SpatterError} TRACKING_REFUSED where neither the server nor this machine's disk has the artifacts. */
export async function putArtifact(
  connection: MlflowConnection,
  artifactUri: string,
  file: string,
  name: string,
): Promise<void> {
  const served = servedPath(artifactUri);
  if (served === null) placeFile(file, join(localFolder(artifactUri), name));
  else await connection.send({ method: 'PUT', path: addressOf(served, name), file });
}

export async function getArtifact(
  connection: MlflowConnection,
  artifactUri: string,
  name: string,
): Promise<Buffer> {
  const served = servedPath(artifactUri);
  if (served === null) return readFile(join(localFolder(artifactUri), name));
  return connection.send({ method: 'GET', path: addressOf(served, name) });
}

interface Listing {
  readonly files?: readonly { readonly path: string; readonly is_dir: boolean }[];
}

/** Names of all artifacts of a run, sorted. */
export async function listArtifacts(
  connection: MlflowConnection,
  runId: string,
  under = '',
): Promise<string[]> {
  const query = new URLSearchParams({ run_id: runId, ...(under === '' ? {} : { path: under }) });
  const { files = [] } = await connection.call<Listing>('GET', `artifacts/list?${query.toString()}`);
  const found = files.map(({ path, is_dir }) =>
    is_dir ? listArtifacts(connection, runId, path) : Promise.resolve([path]),
  );
  return (await Promise.all(found)).flat().sort();
}
