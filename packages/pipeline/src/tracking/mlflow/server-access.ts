// How a server is reached, as MLflow's own client learns it: from environment variables and `~/.mlflow/credentials`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpatterError } from '../../util/errors.ts';
import type { ServerAccess } from './connection.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const SECOND = 1000;

/**
 * Reads MLFLOW_TRACKING_USERNAME, _PASSWORD, _TOKEN, _INSECURE_TLS, _SERVER_CERT_PATH and _CLIENT_CERT_PATH,
 * MLFLOW_HTTP_REQUEST_TIMEOUT, _MAX_RETRIES and _BACKOFF_FACTOR from `env`; name and password that are missing there from
 * the file `.mlflow/credentials` below `home`.
 * @throws {SpatterError} TRACKING_REFUSED for a number that is none.
 */
export function serverAccess(env: Environment, home: string): ServerAccess {
  const stored = storedCredentials(join(home, '.mlflow', 'credentials'));
  const timeout = numberIn(env, 'MLFLOW_HTTP_REQUEST_TIMEOUT');
  const pauses = pausesIn(env);
  return {
    username: env['MLFLOW_TRACKING_USERNAME'] || stored['mlflow_tracking_username'],
    password: env['MLFLOW_TRACKING_PASSWORD'] || stored['mlflow_tracking_password'],
    token: env['MLFLOW_TRACKING_TOKEN'],
    insecureTls: /^(true|1)$/i.test(env['MLFLOW_TRACKING_INSECURE_TLS'] ?? ''),
    certificate: env['MLFLOW_TRACKING_SERVER_CERT_PATH'],
    clientCertificate: env['MLFLOW_TRACKING_CLIENT_CERT_PATH'],
    ...(timeout === undefined ? {} : { timeout: timeout * SECOND }),
    ...(pauses === undefined ? {} : { pauses }),
  };
}

/** Keys of the section `[mlflow]`; none where there is no file. */
function storedCredentials(path: string): Readonly<Record<string, string | undefined>> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  const section = text.split(/^\s*\[/m).find((part) => part.startsWith('mlflow]')) ?? '';
  const pairs = [...section.matchAll(/^\s*(\w+)\s*[=:]\s*(.*?)\s*$/gm)];
  return Object.fromEntries(pairs.map(([, key, value]) => [key!.toLowerCase(), value!]));
}

/** Pauses that double, as urllib3 makes them for MLflow; undefined where neither variable is set. */
function pausesIn(env: Environment): number[] | undefined {
  const retries = numberIn(env, 'MLFLOW_HTTP_REQUEST_MAX_RETRIES');
  const factor = numberIn(env, 'MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR');
  if (retries === undefined && factor === undefined) return undefined;
  const first = (factor ?? 0.25) * SECOND;
  return Array.from({ length: Math.min(retries ?? 4, 20) }, (_, i) => first * 2 ** i);
}

function numberIn(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new SpatterError('TRACKING_REFUSED', `${name} must be a number from 0, got ${text}`, 'correct it');
}
