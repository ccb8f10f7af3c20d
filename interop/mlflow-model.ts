// Exported models opened by the real MLflow: `mlflow.pyfunc.load_model` must predict what spatter predicts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noiseCrop } from '../packages/pipeline/src/data/transforms/testing/noise-crops.ts';
import { prepare } from '../packages/pipeline/src/infer/classifier.ts';
import { openModel } from '../packages/pipeline/src/infer/open-model.ts';
import { tinyModel } from '../packages/pipeline/src/infer/testing/tiny-model.ts';
import { promote, register } from '../packages/pipeline/src/registry/registry.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

const REQUIREMENTS = ['mlflow-skinny==3.15.2', 'onnx==1.19.1', 'onnxruntime==1.23.2', 'numpy', 'pandas'];
const CROPS = 9;

interface Answer {
  readonly mlflow: string;
  readonly flavors: readonly string[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly probability: readonly number[];
  readonly logits: readonly number[];
}

/** Compares an export and the version of a registry made of it. */
export async function run(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-mlflow-model-'));
  try {
    const exported = await tinyModel(join(folder, 'export'));
    const by = { user: 'interop', time: new Date(0), reason: 'check' };
    const root = join(folder, 'registry');
    const { folder: version } = register(root, 'line-3', exported, by);
    promote(root, { model: 'line-3', version: 1, alias: 'champion' }, by);
    const classifier = await openModel('models:/line-3@champion', { registry: root });
    const crops = Array.from({ length: CROPS }, (_, i) => noiseCrop(i));
    const said = await classifier.judge(crops);
    await classifier.close();
    const batch = [...prepare(crops, exported.card.preprocessing)];
    const tasks = [exported.folder, version].map((path) => [path, batch, [CROPS, 1, 32, 32]]);
    writeFileSync(join(folder, 'tasks.json'), JSON.stringify(tasks));
    const script = join(import.meta.dirname, 'python', 'mlflow_model.py');
    const answers = runPython<Answer[]>(pythonWith(REQUIREMENTS), script, [join(folder, 'tasks.json')]);
    answers.forEach((answer, i) => {
      const where = `${['export', 'registered version'][i]!} in mlflow ${answer.mlflow}`;
      const parts = JSON.stringify([answer.flavors, answer.inputs, answer.outputs]);
      const wanted = '[["onnx","python_function"],["input"],["probability","logits"]]';
      checks.check(`${where}: flavours and signature`, parts === wanted, parts);
      const gap = (a: readonly number[], b: Float64Array) =>
        Math.max(...a.map((v, k) => Math.abs(v - b[k]!)));
      checks.check(`${where}: probabilities`, gap(answer.probability, said.probability) < 1e-6);
      checks.check(`${where}: logits`, gap(answer.logits, said.logits) < 1e-5);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
