// Predictions of single crops over HTTP: `spatter serve` against FastAPI, uvicorn and ONNX Runtime, same model, same client.
// `-- serve --soak 10m` loads ours alone for that long and watches its memory.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pythonWith } from '../interop/python.ts';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { glow } from './glow.ts';
import { askOnce, loadServer, postRequest, type Measured } from './http-load.ts';
import type { BenchResult } from './result.ts';

const REQUIREMENTS = [
  'fastapi==0.125.0',
  'uvicorn[standard]==0.38.0',
  'onnxruntime==1.23.2',
  'opencv-python-headless==4.12.0.88',
  'pillow==12.0.0',
  'numpy==2.2.6',
];
const PEER = join(import.meta.dirname, 'python', 'serve_fastapi.py');
const CLI = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
const PORTS = { ours: 8701, peer: 8702 };
const CROPS = 200;
const CONNECTIONS = [1, 4, 16];
const SECONDS = 6;
const ROUNDS = 2;

interface Server {
  readonly port: number;
  readonly child: ChildProcess;
}

export async function run(): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-serve-'));
  try {
    await tinyModel(folder);
    const soak = soakSeconds(process.argv);
    return soak === null ? await compare(folder) : await soakOurs(folder, soak);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Seconds after `--soak`, such as 600 for `10m`; null without it. */
function soakSeconds(argv: readonly string[]): number | null {
  const text = argv[argv.indexOf('--soak') + 1] ?? '';
  const match = argv.includes('--soak') ? /^(\d+)([ms])$/.exec(text) : null;
  return match === null ? null : Number(match[1]) * (match[2] === 'm' ? 60 : 1);
}

const requests = (): Uint8Array[] =>
  Array.from({ length: CROPS }, (_, i) => postRequest('/v1/predict', 'image/jpeg', glow(i)));

async function startOurs(model: string): Promise<Server> {
  const args = [CLI, 'serve', '--model', model, '--port', String(PORTS.ours), '--log-level', 'warn'];
  return started(PORTS.ours, spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
}

async function startPeer(python: string, model: string): Promise<Server> {
  const args = [PEER, model, String(PORTS.peer)];
  return started(PORTS.peer, spawn(python, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
}

/** Waits until the server answers. */
async function started(port: number, child: ChildProcess): Promise<Server> {
  const request = Buffer.from('GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  for (let tries = 0; tries < 300; tries++) {
    const answer = await askOnce(port, request).catch(() => '');
    if (answer.includes('"ready"')) return { port, child };
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  child.kill();
  throw new Error(`the server on port ${port} did not get ready`);
}

async function stop({ child }: Server): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function compare(folder: string): Promise<BenchResult> {
  const python = pythonWith(REQUIREMENTS);
  const bodies = requests();
  const start = { ours: () => startOurs(folder), peer: () => startPeer(python, folder) };
  const measured: Record<'ours' | 'peer', Loaded[][]> = { ours: [], peer: [] };
  const answers: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ['ours', 'peer'] as const) {
      const server = await start[side]();
      try {
        if (round === 0) answers.push(await probabilities(server.port, bodies));
        measured[side].push(await loads(server, bodies));
      } finally {
        await stop(server);
      }
      console.log(
        `round ${round + 1} ${side.padEnd(4)} ${measured[side].at(-1).map(showLoaded).join(' | ')}`,
      );
    }
  }
  return result(measured, Math.max(...answers[0]!.map((p, i) => Math.abs(p - answers[1]![i]!))));
}

async function probabilities(port: number, bodies: readonly Uint8Array[]): Promise<number[]> {
  const found: number[] = [];
  for (const body of bodies.slice(0, 50)) {
    found.push(Number(/"probability":([\d.e-]+)/.exec(await askOnce(port, body))![1]));
  }
  return found;
}

/** A load with the processor time that each request took, microseconds: of the server, null where it cannot be told, and of the client. */
interface Loaded extends Measured {
  readonly server_us: number | null;
  readonly client_us: number;
}

async function loads(server: Server, bodies: readonly Uint8Array[]): Promise<Loaded[]> {
  const { port } = server;
  await loadServer({ port, requests: bodies, connections: 16, seconds: 3 });
  const each: Loaded[] = [];
  for (const connections of CONNECTIONS) {
    const before = [processorUs(server.child.pid!), process.cpuUsage()] as const;
    const load = await loadServer({ port, requests: bodies, connections, seconds: SECONDS });
    const after = processorUs(server.child.pid!);
    const { user, system } = process.cpuUsage(before[1]);
    const used = after === null || before[0] === null ? null : (after - before[0]) / load.answers;
    each.push({ ...load, server_us: used, client_us: (user + system) / load.answers });
  }
  return each;
}

/** Processor time of a process so far, from Linux' /proc in steps of 10 ms; null elsewhere. */
function processorUs(pid: number): number | null {
  if (!existsSync('/proc/self/stat')) return null;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const show = ({ rate, p50, p99, failures }: Measured): string =>
  `${rate.toFixed(0)}/s p50 ${p50.toFixed(2)} p99 ${p99.toFixed(2)} ms${failures > 0 ? ` ${failures} failed` : ''}`;

const showLoaded = (load: Loaded): string =>
  `${show(load)}, ${load.server_us?.toFixed(0) ?? '?'} + ${load.client_us.toFixed(0)} µs`;

function result({ ours, peer }: Record<'ours' | 'peer', Loaded[][]>, largestDifference: number): BenchResult {
  const best = (of: Loaded[][], k: number) =>
    of.map((round) => round[k]!).reduce((a, b) => (b.rate > a.rate ? b : a));
  const details = CONNECTIONS.flatMap((connections, k): [string, unknown][] => {
    const [mine, theirs] = [best(ours, k), best(peer, k)];
    return [
      [`ratio_${connections}_connections`, mine.rate / theirs.rate],
      [`ours_${connections}`, mine],
      [`peer_${connections}`, theirs],
    ];
  });
  const [mine, theirs] = [best(ours, CONNECTIONS.length - 1), best(peer, CONNECTIONS.length - 1)];
  return {
    ratio: mine.rate / theirs.rate,
    ours: mine.rate,
    peer: theirs.rate,
    unit: 'requests/s',
    peer_version: REQUIREMENTS.join(', '),
    p99_ours: mine.p99,
    p99_peer: theirs.p99,
    largest_difference: largestDifference,
    ...(Object.fromEntries(details) as Record<string, unknown>),
  };
}

/** Resident memory of a process, MiB. */
function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

async function soakOurs(folder: string, seconds: number): Promise<BenchResult> {
  const server = await startOurs(folder);
  const bodies = requests();
  const slices = 10;
  const memory: number[] = [];
  const measured: Measured[] = [];
  for (let slice = 0; slice < slices; slice++) {
    measured.push(
      await loadServer({ port: server.port, requests: bodies, connections: 16, seconds: seconds / slices }),
    );
    memory.push(residentMib(server.child.pid!));
    console.log(`${show(measured.at(-1))}, ${memory.at(-1).toFixed(0)} MiB`);
  }
  await stop(server);
  const [first, last] = [memory[1]!, memory.at(-1)];
  const failures = measured.reduce((sum, each) => sum + each.failures, 0);
  const answers = measured.reduce((sum, each) => sum + each.answers, 0);
  return {
    ratio: first / last,
    ours: last,
    peer: first,
    unit: 'MiB at the end against after a fifth',
    peer_version: 'itself',
    ...{ seconds, answers, failures, memory_mib: memory, p99: measured.map(({ p99 }) => p99) },
  };
}
