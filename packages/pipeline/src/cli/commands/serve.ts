// `spatter serve`: an exported model behind an HTTP interface, until it is told to stop.
import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_LIMITS, type Limits } from '../../serve/limits.ts';
import { LOG_LEVELS, createLog, type LogLevel } from '../../serve/log.ts';
import { readNamedModel } from '../../serve/named-model.ts';
import { readTokenFile } from '../../serve/tokens.ts';
import type { Running, ServeOptions } from '../../serve/serve.ts';
import { action, type Context, type Result } from '../context.ts';
import { registryOption } from '../registry-option.ts';

interface Options {
  readonly model: string;
  readonly registry: string;
  readonly watch: number;
  readonly host: string;
  readonly port: number;
  readonly jobs?: string;
  readonly tokens?: string;
  readonly corsOrigin: readonly string[];
  readonly workers: number;
  readonly operatorThreads: number;
  readonly batchSize: number;
  readonly batchWait: number;
  readonly maxRequests: number;
  readonly maxBody: number;
  readonly maxImages: number;
  readonly maxPixels: number;
  readonly maxVideo: number;
  readonly maxVideoSeconds: number;
  readonly drainDelay: number;
  readonly grace: number;
  readonly logLevel: LogLevel;
}

const EXAMPLES = `
Examples:
  $ spatter serve --model runs/default_20261123_101500/export
  $ spatter serve --model models:/line-3@champion --watch 10 --jobs jobs/ --tokens tokens.txt --host 0.0.0.0
  $ curl --data-binary @crop.jpg -H 'content-type: image/jpeg' http://127.0.0.1:8000/v1/predict

/docs shows the API. SIGHUP loads the model anew, SIGTERM and SIGINT stop the server once the requests under way are
answered. Logs are JSON lines on standard output.`;

const atLeast = (least: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
};

/** Threads that judge: a core stays free for connections. */
const WORKERS = Math.max(1, Math.min(4, availableParallelism() - 1));

export function serveCommand(): Command {
  const most = DEFAULT_LIMITS;
  return new Command('serve')
    .description('answer predictions over HTTP with an exported model')
    .requiredOption('--model <model>', 'folder that spatter export wrote, or models:/NAME@ALIAS')
    .addOption(registryOption())
    .option(
      '--watch <s>',
      'look for another model this often, as when an alias moves; 0 never',
      atLeast(0),
      0,
    )
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all', '127.0.0.1')
    .option('-p, --port <n>', 'port; 0 takes any free one', atLeast(0), 8000)
    .option('--jobs <dir>', 'take videos too, as jobs kept in this folder')
    .option('--tokens <file>', 'require a bearer token of this file (see spatter token)')
    .option('--cors-origin <origin>', 'let pages of this origin call the API; may be repeated', collect, [])
    .option('--workers <n>', 'threads that decode and classify', atLeast(1), WORKERS)
    .option('--operator-threads <n>', 'threads of the network in each of them', atLeast(1), 1)
    .option('--batch-size <n>', 'images run together at most', atLeast(1), 32)
    .option('--batch-wait <ms>', 'how long images may wait for company while a thread is free', atLeast(0), 0)
    .option('--max-requests <n>', 'predictions under way before 503', atLeast(1), most.requests)
    .option('--max-body <bytes>', 'body of a prediction', atLeast(1), most.bodyBytes)
    .option('--max-images <n>', 'images in a request', atLeast(1), most.images)
    .option('--max-pixels <n>', 'width × height of an image', atLeast(1), most.pixels)
    .option('--max-video <bytes>', 'an uploaded video', atLeast(1), most.videoBytes)
    .option('--max-video-seconds <s>', 'its duration', atLeast(1), most.videoSeconds)
    .option('--drain-delay <s>', 'between the signal to stop and the last connection taken', atLeast(0), 0)
    .option('--grace <s>', 'for requests under way when stopping', atLeast(0), 30)
    .addOption(new Option('--log-level <level>', 'what is logged').choices(LOG_LEVELS).default('info'))
    .addHelpText('after', EXAMPLES)
    .action(action(serveModel));
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

async function serveModel(context: Context, options: Options): Promise<Result> {
  const { serve } = await import('../../serve/serve.ts');
  const running = await serve(settings(options), options);
  context.print(`listening on ${running.url} (docs: ${running.url}/docs)`);
  const signal = await untilStopped(running);
  context.print(`${signal}: stopping`);
  await running.stop({ delayMs: options.drainDelay * 1000, graceMs: options.grace * 1000 });
  return { url: running.url, signal };
}

function settings(options: Options): ServeOptions {
  const { workers, operatorThreads, batchSize, batchWait } = options;
  return {
    read: () => readNamedModel(options.model, options.registry),
    watchMs: options.watch * 1000,
    engine: { workers, operatorThreads, batchSize, batchWaitMs: batchWait },
    limits: limitsOf(options),
    jobs: options.jobs ?? null,
    tokens: options.tokens === undefined ? null : readTokenFile(options.tokens),
    corsOrigins: options.corsOrigin,
    log: createLog(options.logLevel, (line) => process.stdout.write(line), Date.now),
    now: Date.now,
    newId: randomUUID,
  };
}

function limitsOf(options: Options): Limits {
  return {
    ...DEFAULT_LIMITS,
    requests: options.maxRequests,
    requestsPerToken: Math.ceil(options.maxRequests / 2),
    bodyBytes: options.maxBody,
    images: options.maxImages,
    pixels: options.maxPixels,
    videoBytes: options.maxVideo,
    videoSeconds: options.maxVideoSeconds,
  };
}

/** Resolves to the signal that ends the server; SIGHUP loads the model anew instead. */
function untilStopped({ service }: Running): Promise<string> {
  // A failure is logged by the service, and the old model goes on answering.
  process.on('SIGHUP', () => void service.reload().catch(() => undefined));
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
}
