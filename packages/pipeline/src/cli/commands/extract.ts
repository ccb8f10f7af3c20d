// `spatter extract`: videos to crops, frame log and per-crop sidecar.
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEBUG_CROPS, extractToFiles, videoName, type ExtractSummary } from '../../extract/extract-files.ts';
import { DEFAULT_RULES } from '../../extract/rules.ts';
import { SpatterError } from '../../util/errors.ts';
import { DECODERS, type DecoderName } from '../../video/decoder.ts';
import { action, type Context, type Result } from '../context.ts';

interface ExtractFlags {
  out?: string;
  startFrame?: number;
  leftBound?: number;
  rightBound?: number;
  minArea?: number;
  maxArea?: number;
  threshold?: number;
  layerGap?: number;
  capture: boolean;
  debug?: boolean;
  overwrite?: boolean;
  decoder: DecoderName | 'auto';
  // The reference program's spellings.
  startframe?: number;
  leftbound?: number;
  rightbound?: number;
  minarea?: number;
}

const EXAMPLES = `
Examples:
  $ spatter extract build7.mp4 --out data/
  $ spatter extract build7.mp4 --start-frame 6000 --left-bound 200 --right-bound 300 --out data/
  $ spatter extract cameras/*.mp4 --out data/ --min-area 500 --json
  $ spatter extract build7.mp4 --no-capture          # the number of spatters in each frame only

Writes <video>.h5 (the crops), <video>_crops.csv (one line for each crop) and <video>_spatter_at_frame.csv.
All of them appear when the whole video has been read, or none. A video cut off or damaged is read as far as it goes.`;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

function area(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It must be a number, 0 or more.');
  return value;
}

export function extractCommand(): Command {
  const command = new Command('extract')
    .description('cut spatter out of videos: crops as HDF5, one CSV line for each crop, a log of every frame')
    .argument('<videos...>', 'video files, in any format FFmpeg reads')
    .option('-o, --out <dir>', 'folder for the files (default: capture_<video> in the current folder)')
    .option('-s, --start-frame <n>', 'first frame looked at (default: 0)', wholeNumber)
    .option('-l, --left-bound <x>', 'first column looked at (default: 0)', wholeNumber)
    .option('-r, --right-bound <x>', 'one past the last column looked at (default: the width)', wholeNumber)
    .option(
      '-m, --min-area <a>',
      `smallest contour, in square pixels (default: ${DEFAULT_RULES.minArea})`,
      area,
    )
    .option('--max-area <a>', `largest contour, in square pixels (default: ${DEFAULT_RULES.maxArea})`, area)
    .option(
      '--threshold <t>',
      `gray difference that counts as motion (default: ${DEFAULT_RULES.threshold})`,
      wholeNumber,
    )
    .option(
      '--layer-gap <n>',
      'frames without spatter after which a new layer begins (default: 700)',
      wholeNumber,
    )
    .addOption(new Option('-c, --capture', 'keep the crops').default(true, 'on'))
    .option('--no-capture', 'write the frame log only')
    .option(
      '-d, --debug',
      `stop after one dataset of ${DEBUG_CROPS} crops; show a stack trace when something fails`,
    )
    .option('--overwrite', 'replace files of an earlier extraction')
    .addOption(
      new Option('--decoder <name>', 'what reads the video')
        .choices(['auto', ...Object.keys(DECODERS)])
        .default('auto'),
    );
  for (const old of ['startframe', 'leftbound', 'rightbound']) {
    command.addOption(new Option(`--${old} <n>`).argParser(wholeNumber).hideHelp());
  }
  command.addOption(new Option('--minarea <a>').argParser(area).hideHelp());
  return command.addHelpText('after', EXAMPLES).action(action(run));
}

async function run(context: Context, flags: ExtractFlags, videos: readonly string[]): Promise<Result> {
  refuseSameNames(videos, flags);
  const results: Result[] = [];
  const failures: SpatterError[] = [];
  for (const video of videos) {
    try {
      results.push(await extractOne(context, flags, video));
    } catch (error) {
      // One bad file among many must not keep the others from being read.
      if (videos.length === 1 || !(error instanceof SpatterError)) throw error;
      failures.push(error);
      process.stderr.write(`spatter: ${error.message}; ${error.hint} [${error.code}]\n`);
      results.push({ video, error: { code: error.code, message: error.message } });
    }
  }
  if (failures.length > 0) process.exitCode = 1;
  return { videos: results, extracted: videos.length - failures.length, failed: failures.length };
}

async function extractOne(context: Context, flags: ExtractFlags, video: string): Promise<Result> {
  const summary = await extractToFiles(video, flags.out ?? `capture_${videoName(video)}`, {
    ...rulesOf(flags),
    startFrame: flags.startFrame ?? flags.startframe ?? 0,
    capture: flags.capture,
    ...(flags.layerGap === undefined ? {} : { layerGap: flags.layerGap }),
    ...(flags.debug === true ? { maxCrops: DEBUG_CROPS } : {}),
    overwrite: flags.overwrite === true,
    decoder: flags.decoder,
    progress: context.progress,
  });
  for (const line of describeSummary(summary)) context.print(line);
  return toResult(summary);
}

function rulesOf(flags: ExtractFlags) {
  return {
    leftBound: flags.leftBound ?? flags.leftbound ?? DEFAULT_RULES.leftBound,
    rightBound: flags.rightBound ?? flags.rightbound ?? DEFAULT_RULES.rightBound,
    minArea: flags.minArea ?? flags.minarea ?? DEFAULT_RULES.minArea,
    maxArea: flags.maxArea ?? DEFAULT_RULES.maxArea,
    threshold: flags.threshold ?? DEFAULT_RULES.threshold,
  };
}

/** Two videos of one name would write the same files. */
function refuseSameNames(videos: readonly string[], flags: ExtractFlags): void {
  const names = videos.map(videoName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const where = flags.out ?? `capture_${twice}`;
  throw new SpatterError(
    'USAGE',
    `the videos must have different names, two would write ${where}/${twice}.h5`,
    'rename one, or extract them one by one into different --out folders',
  );
}

function describeSummary(summary: ExtractSummary): string[] {
  const { info, ledger, files, damage } = summary;
  const { small, large, empty, blue } = ledger.rejected;
  const lines = [
    `${info.path}: ${summary.framesRead} frames, ${ledger.contours} contours = ${ledger.kept} kept + ${small} too small + ${large} too large + ${empty} empty + ${blue} blue${ledger.overLimit > 0 ? ` + ${ledger.overLimit} over the limit` : ''}; ${summary.layers} layers`,
    `wrote ${Object.values(files)
      .filter((path) => path !== null)
      .join(', ')}`,
  ];
  if (damage !== null) {
    lines.push(
      `warning: the video is damaged from frame ${damage.atFrame} on (${damage.message}); what could be decoded was kept`,
    );
  }
  if (ledger.kept === 0) {
    lines.push('warning: no spatter was found; a smaller --min-area or --threshold finds more');
  }
  return lines;
}

function toResult(summary: ExtractSummary): Result {
  const { info, ledger, files, damage } = summary;
  return {
    video: info.path,
    ...{ width: info.width, height: info.height, fps: info.fps, codec: info.codec },
    ...{
      start_frame: summary.startFrame,
      frames_announced: info.frameCount,
      frames_read: summary.framesRead,
    },
    ...{ pairs: ledger.pairs, contours: ledger.contours, kept: ledger.kept },
    rejected: { ...ledger.rejected, over_limit: ledger.overLimit },
    ...{ frames_with_spatter: ledger.framesWithSpatter, layers: summary.layers, datasets: summary.datasets },
    damage:
      damage === null ? null : { at_frame: damage.atFrame, count: damage.count, message: damage.message },
    files: { hdf5: files.hdf5, sidecar: files.sidecar, frame_log: files.frameLog },
  };
}
