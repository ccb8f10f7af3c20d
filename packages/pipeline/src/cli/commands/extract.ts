// `spatter extract`: videos to crops, frame log, sidecar, layers and tracks, one or many at once.
import { availableParallelism } from 'node:os';
import { isAbsolute, relative } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { composeConfig, type Config } from '../../config/index.ts';
import { DEBUG_CROPS, type ExtractSummary } from '../../extract/extract-files.ts';
import { extractMany, type ExtractJob, type Outcome } from '../../extract/extract-many.ts';
import { listVideos, type InputVideo } from '../../extract/inputs.ts';
import { readLayerTimes } from '../../extract/layers.ts';
import { extractFiles } from '../../extract/output-files.ts';
import { outputNames } from '../../extract/output-names.ts';
import { MODES, type Mode } from '../../extract/rules.ts';
import { terminalTable } from '../../report/terminal.ts';
import { SpatterError } from '../../util/errors.ts';
import { DECODERS, type DecoderName } from '../../video/decoder.ts';
import { action, type Context, type Result } from '../context.ts';

interface ExtractFlags {
  out?: string;
  workers?: number;
  startFrame?: number;
  leftBound?: number;
  rightBound?: number;
  minArea?: number;
  maxArea?: number;
  threshold?: number;
  layerGap?: number;
  layerTimes?: string;
  mode?: Mode;
  rejectEdges?: boolean;
  flowDirection?: number;
  capture?: boolean;
  debug?: boolean;
  graph?: boolean;
  preview?: boolean;
  overwrite?: boolean;
  decoder?: DecoderName | 'auto';
  // The reference program's spellings.
  startframe?: number;
  leftbound?: number;
  rightbound?: number;
  minarea?: number;
}

const EXAMPLES = `
Examples:
  $ spatter extract build7.mp4 --out data/
  $ spatter extract recordings/ --out data/ --workers 4            # every video of a folder
  $ spatter extract 'week12/**/*.avi' --out data/ --min-area 500 --json
  $ spatter extract runs.csv --out data/                           # video,gas_flow,position,build… as a table
  $ spatter extract build7.mp4 --start-frame 6000 --left-bound 200 --right-bound 300 --out data/
  $ spatter extract build7.mp4 --layer-times layers.csv extraction.min_area=800
  $ spatter extract build7.mp4 --no-capture --graph                # the number of spatters in each frame, drawn

Writes <video>.h5 (the crops), <video>_crops.csv (one line for each crop), <video>_spatter_at_frame.csv,
<video>_layer_table.csv, <video>_tracks.csv and <video>_extraction.json (the ledger). All of them appear when the whole
video has been read, or none. The same command again goes on where it was stopped: finished videos are kept.
Values that are not given come from the config's section extraction.`;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

function workers(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
}

function area(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

function degrees(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

export function extractCommand(): Command {
  const command = new Command('extract')
    .description('cut spatter out of videos: crops as HDF5, one CSV line for each crop, a log of every frame')
    .argument(
      '<inputs...>',
      'videos, folders, patterns in quotes, manifests (CSV or YAML), extraction.key=value',
    )
    .option('-o, --out <dir>', 'folder for the files (default: capture_<video> in the current folder)')
    .option('-w, --workers <n>', 'videos at once (default: one for each core)', workers);
  addRules(command);
  command
    .addOption(new Option('-c, --capture', 'keep the crops (default)'))
    .option('--no-capture', 'no crops, only logs, layers and tracks')
    .option('--preview', 'write the video again with boxes, tracks, layer and count: <video>_preview.mp4')
    .option('--graph', 'draw spatter over frames and layers: <video>_graph.html')
    .option(
      '-d, --debug',
      `stop after one dataset of ${DEBUG_CROPS} crops; show a stack trace when something fails`,
    )
    .option('--overwrite', 'replace files of an earlier extraction')
    .addOption(
      new Option('--decoder <name>', 'what reads the video').choices(['auto', ...Object.keys(DECODERS)]),
    );
  for (const old of ['startframe', 'leftbound', 'rightbound']) {
    command.addOption(new Option(`--${old} <n>`).argParser(wholeNumber).hideHelp());
  }
  command.addOption(new Option('--minarea <a>').argParser(area).hideHelp());
  return command.addHelpText('after', EXAMPLES).action(action(run));
}

function addRules(command: Command): void {
  command
    .option('-s, --start-frame <n>', 'first frame looked at', wholeNumber)
    .option('-l, --left-bound <x>', 'first column looked at', wholeNumber)
    .option('-r, --right-bound <x>', 'one past the last column looked at', wholeNumber)
    .option('-m, --min-area <a>', 'smallest contour, in square pixels', area)
    .option('--max-area <a>', 'largest contour, in square pixels', area)
    .option('--threshold <t>', 'gray difference that counts as motion', wholeNumber)
    .option('--reject-edges', 'leave out spatter that touches a bound or the edge of the frame')
    .option('--layer-gap <n>', 'frames without spatter after which a new layer begins', wholeNumber)
    .option('--layer-times <csv>', 'layers by the machine’s clock: layer,start_s,end_s')
    .option('--flow-direction <deg>', 'where the gas blows in the picture: 0 right, 90 down', degrees)
    .addOption(
      new Option(
        '--mode <name>',
        'corrected: black crops are kept apart; legacy: among the others, as in the reference',
      ).choices(MODES),
    );
}

async function run(context: Context, flags: ExtractFlags, inputs: readonly string[]): Promise<Result> {
  const isOverride = (input: string) => /^[+~]*[a-z_]+(\.[a-z_]+)*=/.test(input);
  const { extraction } = composeConfig({ overrides: inputs.filter(isOverride), env: process.env }).config;
  const { videos, failed } = listVideos(inputs.filter((input) => !isOverride(input)));
  const named = videos.length + failed.length;
  if (named === 0) throw new SpatterError('USAGE', 'no video is named', 'see spatter extract --help');
  const unread = failed.map(({ input, error }): Outcome => ({ video: input, error }));
  const ended = (outcome: Outcome) => report(context, outcome, named);
  unread.forEach(ended);
  const outcomes = await extractMany(jobsOf(videos, flags, optionsOf(flags, extraction)), {
    ...{ workers: flags.workers ?? availableParallelism(), processors: availableParallelism() },
    ...{ progress: context.progress, ended },
  });
  return finish(context, [...unread, ...outcomes]);
}

function jobsOf(videos: readonly InputVideo[], flags: ExtractFlags, options: ExtractJob['options']) {
  const folder = (name: string) => flags.out ?? `capture_${name}`;
  const names = outputNames(
    videos.map(({ path }) => path),
    (name) => extractFiles(name, folder(name)).record,
  );
  return videos.map(({ path, facts }, i): ExtractJob => {
    const name = names[i]!;
    return { video: path, folder: folder(name), options: { ...options, name, facts } };
  });
}

/** A single failing video fails the command; among many it is told, and the others go on. */
function report(context: Context, outcome: Outcome, videos: number): void {
  if ('summary' in outcome) for (const line of describeSummary(outcome.summary)) context.print(line);
  else if (videos > 1) process.stderr.write(`spatter: ${explain(outcome.error)}\n`);
}

/** As the command line prints failures: one line with a code. */
function explain(error: Error): string {
  if (error instanceof SpatterError) return `${error.message}; ${error.hint} [${error.code}]`;
  return `unexpected failure: ${error.message.split('\n', 1)[0] ?? ''}; run it alone with --debug [UNEXPECTED]`;
}

function finish(context: Context, outcomes: readonly Outcome[]): Result {
  const failed = outcomes.filter((outcome) => 'error' in outcome);
  if (outcomes.length === 1 && failed.length === 1) throw failed[0]!.error;
  if (failed.length > 0) process.exitCode = 1;
  if (outcomes.length > 1) for (const line of overview(outcomes)) context.print(line);
  const results = outcomes.map((outcome) => {
    if ('summary' in outcome) return toResult(outcome.summary);
    const { error, video } = outcome;
    const code = error instanceof SpatterError ? error.code : 'UNEXPECTED';
    return { video, error: { code, message: error.message } };
  });
  return { videos: results, extracted: outcomes.length - failed.length, failed: failed.length };
}

/** Manifests give long paths. */
const fromHere = (path: string) => (isAbsolute(path) ? relative('.', path) : path);

function overview(outcomes: readonly Outcome[]): string[] {
  const rows = outcomes.map((outcome) => {
    if ('error' in outcome) return [fromHere(outcome.video), 'failed', '', '', '', '', ''];
    const { record, reused, damage, info } = outcome.summary;
    const state = reused ? 'kept' : damage === null ? 'extracted' : 'damaged';
    const { frames, contours } = record;
    const counts = [frames.decoded, frames.unreadable, contours.kept, contours.black, record.layers];
    return [fromHere(info.path), state, ...counts.map(String)];
  });
  return terminalTable(['video', 'state', 'frames', 'unreadable', 'crops', 'black', 'layers'], rows);
}

function optionsOf(flags: ExtractFlags, config: Config['extraction']): ExtractJob['options'] {
  const { startframe, leftbound, rightbound, minarea } = flags;
  const capture = flags.capture ?? config.capture;
  if (flags.preview === true && !capture)
    throw new SpatterError('USAGE', '--preview needs the crops, --no-capture keeps none', 'leave one out');
  const layerTimes = flags.layerTimes ?? config.layer_times;
  return {
    startFrame: flags.startFrame ?? startframe ?? config.start_frame,
    leftBound: flags.leftBound ?? leftbound ?? config.left_bound,
    rightBound: flags.rightBound ?? rightbound ?? config.right_bound ?? Number.MAX_SAFE_INTEGER,
    minArea: flags.minArea ?? minarea ?? config.min_area,
    maxArea: flags.maxArea ?? config.max_area,
    threshold: flags.threshold ?? config.threshold,
    rejectEdges: flags.rejectEdges ?? config.reject_edges,
    capture,
    mode: flags.mode ?? config.mode,
    layerGap: flags.layerGap ?? config.layer_gap,
    ...(layerTimes === null ? {} : { layerTimes: readLayerTimes(layerTimes) }),
    flowDirection: flags.flowDirection ?? config.flow_direction,
    ...((flags.debug ?? config.debug) ? { maxCrops: DEBUG_CROPS } : {}),
    ...{ graph: flags.graph === true, preview: flags.preview === true, overwrite: flags.overwrite === true },
    decoder: flags.decoder ?? config.decoder,
  };
}

function describeSummary(summary: ExtractSummary): string[] {
  const { info, ledger, files, damage, record } = summary;
  const { small, large, empty, edge, blue } = ledger.rejected;
  const { kept, black } = record.contours;
  const optional = [
    ...(black > 0 ? [` + ${black} black`] : []),
    ...(edge > 0 ? [` + ${edge} at the edge`] : []),
    ...(ledger.overLimit > 0 ? [` + ${ledger.overLimit} over the limit`] : []),
  ].join('');
  const did = summary.reused ? 'kept, an equal earlier run wrote' : 'wrote';
  const paths = Object.values(files).filter((path) => path !== null);
  const lines = [
    `${info.path}: ${summary.framesRead} frames, ${ledger.contours} contours = ${kept} kept + ${small} too small + ${large} too large + ${empty} empty + ${blue} blue${optional}; ${summary.layers} layers, ${record.tracks} tracks`,
    `${did} ${paths.join(', ')}`,
  ];
  if (damage !== null) {
    const more = damage.count > 1 ? `, and ${damage.count - 1} more` : '';
    lines.push(
      `warning: the video is damaged from frame ${damage.atFrame} on (${damage.message}${more}); ${record.frames.unreadable} frames could not be read, what could be decoded was kept`,
    );
  }
  if (ledger.kept === 0) {
    lines.push('warning: no spatter was found; a smaller --min-area or --threshold finds more');
  }
  return lines;
}

function toResult(summary: ExtractSummary): Result {
  const { info, ledger, files, damage, record } = summary;
  return {
    video: info.path,
    ...{ width: info.width, height: info.height, fps: info.fps, codec: info.codec },
    ...{ start_frame: summary.startFrame, frames_announced: info.frameCount },
    ...{ frames_read: summary.framesRead, frames: record.frames, pairs: ledger.pairs },
    ...{ contours: ledger.contours, kept: record.contours.kept, black: record.contours.black },
    rejected: { ...ledger.rejected, over_limit: ledger.overLimit },
    ...{ frames_with_spatter: ledger.framesWithSpatter, layers: summary.layers, tracks: record.tracks },
    ...{ datasets: summary.datasets, reused: summary.reused },
    damage:
      damage === null ? null : { at_frame: damage.atFrame, count: damage.count, message: damage.message },
    files: {
      ...{ hdf5: files.hdf5, sidecar: files.sidecar, frame_log: files.frameLog },
      ...{ layers: files.layers, tracks: files.tracks, record: files.record, graph: files.graph },
      preview: files.preview,
    },
  };
}
