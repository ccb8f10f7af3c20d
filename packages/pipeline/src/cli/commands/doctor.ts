// `spatter doctor`: what each device needs, what was found, and a short training on each that is there.
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { DeviceFacts } from '@spatter/tensor';
import type { DeviceCheck } from '../../train/device-check.ts';
import { SpatterError } from '../../util/errors.ts';
import { libraryVersions } from '../../util/library-versions.ts';
import { action, type Context, type Result } from '../context.ts';

const CHECK_MS = 2000;
/** A software renderer needs ten seconds to start. */
const PATIENCE_MS = 120_000;

const EXAMPLES = `
Examples:
  $ spatter doctor
  $ spatter doctor --json
  $ spatter doctor --device cpu

Trains LeNet5 for two seconds on every device that ONNX Runtime carries here, and compares its losses with the processor’s.
Each device is tried in a process of its own, since a broken driver can end it.`;

interface Options {
  readonly device?: string;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what this machine can train on, tried out')
    .option('--device <name>', 'try this device only, in this process')
    .addHelpText('after', EXAMPLES)
    .action(action(examine));
}

type Finding = DeviceFacts & { readonly check?: DeviceCheck; readonly failure?: string };

async function examine(context: Context, { device }: Options): Promise<Result> {
  const { deviceFacts } = await import('@spatter/tensor');
  const facts = deviceFacts();
  if (device !== undefined) return { devices: [await examineOne(context, named(facts, device))] };
  const machine = {
    platform: `${process.platform} ${process.arch}`,
    processors: availableParallelism(),
    versions: libraryVersions(),
  };
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  context.print(`${machine.platform}, ${machine.processors} processors; ${versions.join(', ')}`);
  const devices = facts.map((one) => {
    const finding = one.installed ? { ...one, ...inOwnProcess(one) } : one;
    describe(finding).forEach(context.print);
    return finding;
  });
  return { ...machine, devices };
}

function named(facts: readonly DeviceFacts[], device: string): DeviceFacts {
  const found = facts.find((one) => one.device === device);
  if (found !== undefined) return found;
  const names = facts.map((one) => one.device).join(', ');
  throw new SpatterError('USAGE', `--device must be one of ${names}, but got "${device}"`, 'correct it');
}

async function examineOne(context: Context, facts: DeviceFacts): Promise<Finding> {
  const finding = facts.installed ? { ...facts, ...(await attempt(facts)) } : facts;
  describe(finding).forEach(context.print);
  return finding;
}

async function attempt({ device }: DeviceFacts): Promise<{ check: DeviceCheck } | { failure: string }> {
  const { checkDevice } = await import('../../train/device-check.ts');
  try {
    return { check: await checkDevice(device, CHECK_MS, () => performance.now()) };
  } catch (error) {
    return { failure: firstLine(error instanceof Error ? error.message : String(error)) };
  }
}

const firstLine = (text: string): string => text.trim().split('\n')[0]!;

/** This program once more, for one device: a driver that ends its process ends only that. */
function inOwnProcess({ device }: DeviceFacts): { check: DeviceCheck } | { failure: string } {
  const own = [...process.execArgv, process.argv[1]!];
  const child = spawnSync(process.execPath, [...own, 'doctor', '--device', device, '--json'], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  if (child.status !== 0) {
    const reasons = child.stderr.split('\n').filter((line) => /error|fail/i.test(line));
    return { failure: firstLine(reasons.at(-1) ?? `its process ended (${child.signal ?? child.status})`) };
  }
  const { devices } = JSON.parse(child.stdout.trim().split('\n').at(-1)!) as { devices: [Finding] };
  const [{ check, failure }] = devices;
  return check === undefined ? { failure: failure ?? 'no result' } : { check };
}

function describe({ device, needs, installed, hint, note, check, failure }: Finding): string[] {
  return [
    `${device}: ${verdict(installed, check, failure)}`,
    `  needs ${needs}`,
    ...(check?.works === true ? [] : [`  what to do: ${hint}`]),
    ...(note === undefined ? [] : [`  note: ${note}`]),
  ];
}

function verdict(installed: boolean, check?: DeviceCheck, failure?: string): string {
  if (!installed) return 'not installed';
  if (check === undefined) return `does not work: ${failure ?? 'not tried'}`;
  const difference = check.loss_difference.toExponential(1);
  const figures = `${check.steps} steps of LeNet5, ${check.images_per_second} images/s, first step after ${check.first_step_s.toFixed(1)} s, losses within ${difference} of the processor’s`;
  return check.works ? `works (${figures})` : `computes something else (${figures})`;
}
