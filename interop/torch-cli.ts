// A user's way there and back for every network: PyTorch writes weights, `spatter train` starts from them, `spatter export --weights` gives weights that PyTorch loads strictly.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spatterJson, trainArgs, writeGlyphs } from '../examples/idx-benchmark.ts';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import type { Checks } from './checks.ts';
import { runPython } from './python.ts';
import { interpreter } from './torch.ts';

interface Network {
  readonly architecture: Readonly<Record<string, string | number>>;
  readonly channels: 1 | 3;
  readonly file: string;
}

/** Every network, gray and in three channels, from files of every kind. */
function networks(): Record<string, Network & { readonly model: string }> {
  const shapes: Record<string, Network['architecture']> = {
    resnet18: { stem: 'imagenet' },
    resnet34: { stem: 'small' },
    efficientnet_b0: { stem: 'small' },
    efficientnet_b1: { stem: 'imagenet' },
    vit_tiny: { patch: 8 },
    vit_small: { patch: 4 },
  };
  const kinds = ['pth', 'safetensors', 'mdl'];
  return Object.fromEntries(
    Object.keys(MODELS).flatMap((model, i) =>
      ([1, 3] as const).map((channels) => {
        const file = `${model}-${channels}.${kinds[(i + channels) % 3]}`;
        return [`${model}-${channels}`, { model, channels, file, architecture: shapes[model] ?? {} }];
      }),
    ),
  );
}

const script = join(import.meta.dirname, 'python', 'torch_cli.py');

export function run(checks: Checks): void {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torch-cli-'));
  const at = (name: string) => join(folder, name);
  try {
    const python = interpreter();
    writeGlyphs(at('data'), { train: 200, t10k: 20 });
    writeFileSync(at('networks.json'), JSON.stringify(networks()));
    runPython(python, script, ['make', folder]);
    for (const [name, network] of Object.entries(networks())) trainAndExport(checks, folder, name, network);
    refusals(checks, folder);
    const loaded = runPython<Record<string, string>>(python, script, ['check', folder]);
    for (const name of Object.keys(networks()))
      checks.check(`${name}: load_state_dict(strict)`, loaded[name] === 'ok', loaded[name] ?? 'no file');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function trainAndExport(
  checks: Checks,
  folder: string,
  name: string,
  { model, channels, file, architecture }: Network & { readonly model: string },
): void {
  const overrides = Object.entries(architecture).map(([key, value]) => `model.architecture.${key}=${value}`);
  const args = [
    ...trainArgs(join(folder, 'data'), join(folder, name), 1),
    ...[`model=${model}`, ...overrides, `model.architecture.in_channels=${channels}`],
    ...[`model.pretrained=${join(folder, file)}`, 'training.batch_size=60', 'tracking.enabled=false'],
  ];
  const trained = spatterJson([...args, '--no-evaluate']);
  checks.check(`${name}: trains from ${file}`, trained['finished'] === true);
  const weights = join(folder, `${name}.back.safetensors`);
  const exported = spatterJson(['export', join(folder, name), '--weights', weights]);
  checks.check(`${name}: exports`, exported['decisions_changed'] === 0);
  rmSync(join(folder, name), { recursive: true });
}

const BIN = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');

/** What must be refused in one line: code in a pickle, and weights of other classes, of another network. */
function refusals(checks: Checks, folder: string): void {
  const refused = (what: string, file: string, model: string, line: RegExp) => {
    const base = trainArgs(join(folder, 'data'), join(folder, 'refused'), 1);
    const args = [BIN, ...base, `model=${model}`, `model.pretrained=${join(folder, file)}`];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const isOneLine = stderr.trimEnd().split('\n').length === 1;
    checks.check(what, status === 1 && isOneLine && line.test(stderr), stderr);
  };
  refused(
    'a pickle that runs a program',
    'evil.pth',
    'lenet5',
    /would call posix\.system on loading; nothing/,
  );
  refused('a whole module', 'module.pth', 'lenet5', /would call .* on loading; nothing/);
  refused('other classes', 'classes.pth', 'lenet5', /model\.9\.bias is \[7\], must be \[10\].*new-head/);
  refused(
    'another network',
    'resnet18-3.mdl',
    'lenet5',
    /the file fits model=resnet18 model\.architecture\.stem=imagenet/,
  );
}
