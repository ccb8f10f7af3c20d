// What the environment and MLflow's own file of credentials say about a server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverAccess } from './server-access.ts';

let home = '';
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'spatter-home-'))));
afterEach(() => rmSync(home, { recursive: true }));

function storeCredentials(text: string): void {
  mkdirSync(join(home, '.mlflow'));
  writeFileSync(join(home, '.mlflow', 'credentials'), text);
}

describe('credentials', () => {
  it('are those of the file', () => {
    storeCredentials(
      '[other]\nmlflow_tracking_username = eve\n[mlflow]\nmlflow_tracking_username = ann\nmlflow_tracking_password = a=b ]c\n',
    );
    expect(serverAccess({}, home)).toMatchObject({ username: 'ann', password: 'a=b ]c' });
  });

  it('are those of the variables before those of the file', () => {
    storeCredentials('[mlflow]\nmlflow_tracking_username = ann\nmlflow_tracking_password = old\n');
    const access = serverAccess({ MLFLOW_TRACKING_PASSWORD: 'new' }, home);
    expect(access).toMatchObject({ username: 'ann', password: 'new' });
  });

  it('are none without either', () => {
    expect(serverAccess({}, home)).toMatchObject({
      username: undefined,
      password: undefined,
      token: undefined,
    });
  });
});

describe('attempts', () => {
  it('double their pauses, as often as the variables say', () => {
    const env = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '3', MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '2' };
    expect(serverAccess(env, home).pauses).toEqual([2000, 4000, 8000]);
    expect(serverAccess({ MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' }, home).pauses).toEqual([]);
    expect(serverAccess({ MLFLOW_HTTP_REQUEST_TIMEOUT: '1.5' }, home).timeout).toBe(1500);
    expect(serverAccess({}, home)).not.toHaveProperty('pauses');
  });

  it('refuse what is no number', () => {
    const access = () => serverAccess({ MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' }, home);
    expect(access).toThrow('MLFLOW_HTTP_REQUEST_TIMEOUT must be a number from 0, got soon');
  });
});
