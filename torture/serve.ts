// Sends `spatter serve` what no client should send, COUNT rounds of it, on loopback: it must answer with the right status or end
// the connection, never crash or hang, and its memory must stay bounded.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checks } from '../interop/checks.ts';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { testJpeg } from '../packages/pipeline/src/serve/testing/service.ts';
import { integer, randomStream, type Random } from '../packages/pipeline/src/util/random.ts';

const CLI = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
const PORT = 8711;
/** Longest that any answer may take, milliseconds; above the server's own times. */
const PATIENCE = 30_000;
const MEMORY_MIB = 700;

/** Status of the first answer to `pieces`, sent as they are; 0 where the connection ended without one, −1 on a hang. */
function send(pieces: readonly (string | Uint8Array)[], end = false): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1');
    const timer = setTimeout(() => finish(-1), PATIENCE);
    const finish = (status: number) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(status);
    };
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      if (end) socket.end();
    });
    socket.on('data', (data) =>
      finish(Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1] ?? 0)),
    );
    socket.on('error', () => finish(0));
    socket.on('close', () => finish(0));
  });
}

const head = (type: string, length: number, more = ''): string =>
  `POST /v1/predict HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n${more}\r\n`;

const post = (type: string, body: Uint8Array | string) => {
  const bytes = Buffer.from(body as string);
  return send([head(type, bytes.length), bytes]);
};

const bytes = (random: Random, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random() & 255));

/** The JPEG with another announced size. */
function announcing(jpeg: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(jpeg);
  const at = copy.indexOf(Buffer.from([0xff, 0xc0]));
  copy.writeUInt16BE(height, at + 5);
  copy.writeUInt16BE(width, at + 7);
  return copy;
}

interface Attack {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly run: (random: Random) => Promise<number>;
}

const jpeg = (random: Random): Buffer => Buffer.from(testJpeg(integer(random, 8)));
const FORM = 'multipart/form-data; boundary=B';
const IMAGE = 'image/jpeg';

/** What may come back; 0: the connection ended without an answer, where nobody waits for one. */
const ATTACKS: readonly Attack[] = [
  { name: 'random bytes as an image', statuses: [422], run: (r) => post(IMAGE, bytes(r, integer(r, 5000))) },
  {
    name: 'a JPEG cut short',
    statuses: [422],
    run: (r) => post(IMAGE, jpeg(r).subarray(0, 2 + integer(r, 600))),
  },
  {
    name: 'a JPEG with flipped bytes',
    statuses: [200, 422],
    run: (r) => {
      const broken = jpeg(r);
      for (let i = 0; i < 12; i++) broken[integer(r, broken.length)] = r() & 255;
      return post(IMAGE, broken);
    },
  },
  {
    name: 'a JPEG that announces gigabytes',
    statuses: [422],
    run: (r) => post(IMAGE, announcing(jpeg(r), 20_000 + integer(r, 45_000), 65_500)),
  },
  {
    name: 'a JPEG that announces as much as is allowed',
    statuses: [200, 422],
    run: (r) => post(IMAGE, announcing(jpeg(r), 2000, 1900)),
  },
  {
    name: 'a JPEG of a thousand scans',
    statuses: [422],
    run: (r) => post(IMAGE, Buffer.concat([jpeg(r), Buffer.from('ffda'.repeat(1000), 'hex')])),
  },
  {
    name: 'a malformed form',
    statuses: [400, 422],
    run: (r) => {
      const pieces = [
        '--B',
        '\r\n',
        '--',
        'content-disposition: form-data; name="a"; filename="b"',
        '\r\n\r\n',
        'x',
      ];
      return post(
        FORM,
        Array.from({ length: integer(r, 40) }, () => pieces[integer(r, pieces.length)]!).join(''),
      );
    },
  },
  {
    name: 'a form of ten thousand parts',
    statuses: [413],
    run: () =>
      post(FORM, '--B\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\n\r\n'.repeat(10_000)),
  },
  { name: 'a wrong content type', statuses: [415], run: (r) => post(`x/${integer(r, 99)}`, jpeg(r)) },
  {
    name: 'JSON cut short',
    statuses: [400],
    run: (r) => post('application/json', '{"images":["aa'.slice(0, 1 + integer(r, 13))),
  },
  { name: 'deep JSON', statuses: [400, 422], run: () => post('application/json', '['.repeat(500_000)) },
  {
    name: 'bad base64',
    statuses: [422],
    run: (r) => post('application/json', `{"images":["${'*'.repeat(integer(r, 99) + 1)}"]}`),
  },
  {
    name: 'JSON that is not UTF-8',
    statuses: [400],
    run: () => post('application/json', Buffer.from('{"a":"\xff"}', 'latin1')),
  },
  { name: 'a body that is announced too large', statuses: [413], run: () => send([head(IMAGE, 2 ** 31)]) },
  {
    name: 'a negative length',
    statuses: [400],
    run: () => send([head(IMAGE, -5)]),
  },
  {
    name: 'two lengths that differ',
    statuses: [400],
    run: () => send([head(IMAGE, 5, 'content-length: 6\r\n'), 'hello!']),
  },
  {
    name: 'chunks without end',
    statuses: [413, 408],
    run: () => {
      const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
      const start = head(IMAGE, 0).replace('content-length: 0', 'transfer-encoding: chunked');
      return send([start, ...Array.from({ length: 200 }, () => chunk)]);
    },
  },
  {
    name: 'chunks that are none',
    statuses: [400],
    run: () => send([head(IMAGE, 0).replace('content-length: 0', 'transfer-encoding: chunked'), 'zz\r\n']),
  },
  {
    name: 'huge headers',
    statuses: [431],
    run: () => send([`GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`]),
  },
  { name: 'what is no HTTP', statuses: [400], run: (r) => send(['\x16\x03\x01', bytes(r, 200), '\r\n\r\n']) },
  {
    name: 'an upload given up',
    statuses: [0, 400],
    run: (r) => send([head(IMAGE, 100_000), bytes(r, 500)], true),
  },
  {
    name: 'a playlist as a video',
    statuses: [415],
    run: () =>
      send([
        'POST /v1/predict/video HTTP/1.1\r\nhost: x\r\ncontent-length: 36\r\n\r\n',
        '#EXTM3U\nhttp://127.0.0.1/secret.ts\n\n',
      ]),
  },
  {
    name: 'a path out of the folder',
    statuses: [400, 404],
    run: () => send(['GET /v1/predict/video/../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n']),
  },
];

/** Run once, side by side: they take as long as the server's own times. */
const SLOW: readonly Attack[] = [
  {
    name: 'headers that do not come (30 connections)',
    statuses: [408, 0],
    run: () => send(['GET / HTTP/1.1\r\nhost: x\r\n']),
  },
  {
    name: 'a body that does not come (30 connections)',
    statuses: [408],
    run: () => send([head(IMAGE, 1000), 'abc']),
  },
];

async function startServer(folder: string): Promise<ChildProcess> {
  const args = [CLI, 'serve', '--model', join(folder, 'model'), '--port', String(PORT)];
  const more = ['--jobs', join(folder, 'jobs'), '--log-level', 'warn'];
  const child = spawn(process.execPath, [...args, ...more], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let i = 0; i < 200; i++) {
    if ((await send(['GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'])) === 200) return child;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error('the server did not get ready');
}

const memoryMib = ({ pid }: ChildProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

async function attack(checks: Checks, { name, statuses, run }: Attack, times: number, atOnce: number) {
  const random = randomStream(times, name.length);
  const seen: number[] = [];
  for (let i = 0; i < times; i += atOnce) {
    seen.push(...(await Promise.all(Array.from({ length: atOnce }, () => run(random)))));
  }
  const wrong = seen.filter((status) => !statuses.includes(status));
  checks.check(
    name,
    wrong.length === 0,
    `expected ${statuses.join(' or ')}, got ${[...new Set(wrong)].join(', ')}`,
  );
}

export async function run(checks: Checks, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torture-serve-'));
  await tinyModel(join(folder, 'model'));
  const server = await startServer(folder);
  try {
    for (const each of ATTACKS) await attack(checks, each, count, Math.min(count, 4));
    await Promise.all(SLOW.map((each) => attack(checks, each, 30, 30)));
    const memory = memoryMib(server);
    checks.check(`memory stays below ${MEMORY_MIB} MiB`, memory < MEMORY_MIB, `${memory.toFixed(0)} MiB`);
    checks.check('good requests are still answered', (await post(IMAGE, testJpeg())) === 200);
    const gone = new Promise<number | null>((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    checks.check('the server ends by itself, with 0', (await gone) === 0);
  } finally {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
