// The files that make an exported model a directory that `mlflow.pyfunc.load_model` opens (MLflow's ONNX flavour).
import type { ModelCard } from './model-card.ts';

/** What a Python environment needs to run the model; the lower bounds are the oldest that know its operations. */
const REQUIREMENTS = ['mlflow>=2.9', 'onnx>=1.15', 'onnxruntime>=1.17', 'numpy'] as const;
const PYTHON = '3.11';

/** File names with their text. Deterministic: the model's identifier is its hash, and no clock is read. */
export function mlflowFiles(card: ModelCard): Record<string, string> {
  const requirements = REQUIREMENTS.map((line) => `${line}\n`).join('');
  return {
    MLmodel: mlmodel(card),
    'requirements.txt': requirements,
    'python_env.yaml': `python: "${PYTHON}"\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n`,
    'conda.yaml': `name: spatter-model\nchannels:\n- conda-forge\ndependencies:\n- python=${PYTHON}\n- pip\n- pip:\n${REQUIREMENTS.map((line) => `  - ${line}\n`).join('')}`,
  };
}

function mlmodel(card: ModelCard): string {
  const { channels, crop } = card.preprocessing;
  const outputs = card.golden[0]?.logits.length ?? 1;
  const inputs = JSON.stringify([tensorSpec('input', [-1, channels, crop, crop])]);
  const answers = JSON.stringify(['probability', 'logits'].map((name) => tensorSpec(name, [-1, outputs])));
  return `flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_version: 1.15.0
    providers:
    - CPUExecutionProvider
  python_function:
    data: model.onnx
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.onnx
    python_version: "${PYTHON}"
metadata:
  spatter_card: model.json
mlflow_version: 2.9.0
model_uuid: ${card.onnx_sha256.slice(0, 32)}
signature:
  inputs: '${inputs}'
  outputs: '${answers}'
  params: null
`;
}

function tensorSpec(name: string, shape: readonly number[]) {
  return { type: 'tensor', 'tensor-spec': { dtype: 'float32', shape }, name };
}
