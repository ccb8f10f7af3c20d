// Device names and the execution providers behind them.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listSupportedBackends, type InferenceSession } from './onnxruntime.ts';
import { TensorError } from '../error.ts';

/** Where graphs run: `mps` is Apple's GPU, `webgpu` any GPU through Vulkan, Metal or D3D12; `auto` the best that is there. */
export const DEVICES = ['auto', 'cpu', 'cuda', 'mps', 'webgpu'] as const;
export type DeviceName = (typeof DEVICES)[number];
/** A device after `auto` has been decided. */
export type Device = Exclude<DeviceName, 'auto'>;

interface Backend {
  /** ONNX Runtime's name of the execution provider. */
  readonly provider: 'cpu' | 'cuda' | 'webgpu';
  readonly platforms?: readonly NodeJS.Platform[];
  readonly hint: string;
  /** What must be there for it to run. */
  readonly needs: string;
  /** What nobody has tried yet, or what is odd about it. */
  readonly note?: string;
}

const BACKENDS: { readonly [D in Device]: Backend } = {
  cpu: { provider: 'cpu', hint: 'reinstall onnxruntime-node', needs: 'nothing beyond the installation' },
  cuda: {
    provider: 'cuda',
    needs:
      'Linux x64, an NVIDIA GPU with its driver, ONNX Runtime’s CUDA libraries, and the CUDA and cuDNN 9 they were built for',
    note: 'its graphs are tested on the CPU only: spatter has never run on an NVIDIA GPU',
    hint: 'on Linux with an NVIDIA GPU run `ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false` or take the libraries from PyPI (docs/guides/train-on-gpu.md), or use device=cpu',
  },
  mps: {
    provider: 'webgpu',
    platforms: ['darwin'],
    needs: 'an Apple computer',
    note: 'this is WebGPU on Metal, the same graphs as webgpu; spatter has never run on an Apple GPU',
    hint: 'mps needs an Apple computer; use device=cpu',
  },
  webgpu: {
    provider: 'webgpu',
    needs: 'a GPU with a Vulkan or Direct3D 12 driver (on Apple computers: Metal)',
    note: 'tested on a software renderer only; auto never picks it',
    hint: 'install the GPU’s driver (Vulkan on Linux), or use device=cpu',
  },
};

function isAvailable(device: Device): boolean {
  const { provider, platforms } = BACKENDS[device];
  const backend = listSupportedBackends().find(({ name }) => name === provider);
  const isInstalled = backend !== undefined && (backend.bundled || hasLibrary(provider));
  return isInstalled && (platforms?.includes(process.platform) ?? true);
}

/** True when the provider's library, which npm does not carry, was put beside ONNX Runtime's own. */
function hasLibrary(provider: Backend['provider']): boolean {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  const folder = join(dirname(entry), '../bin/napi-v6', process.platform, process.arch);
  return existsSync(join(folder, `libonnxruntime_providers_${provider}.so`));
}

/** Devices whose execution provider this installation carries (a GPU may still be absent), best first. */
export function availableDevices(): Device[] {
  return (['cuda', 'mps', 'webgpu', 'cpu'] as const).filter(isAvailable);
}

/**
 * The device that `name` stands for. `auto` takes CUDA or an Apple GPU where present, otherwise the CPU; it never picks
 * `webgpu`, which may be a software renderer. Throws {@link TensorError} `DEVICE` for unknown or unavailable devices.
 */
export function resolveDevice(name: string): Device {
  if (name === 'auto') return isAvailable('cuda') ? 'cuda' : isAvailable('mps') ? 'mps' : 'cpu';
  if (!(name in BACKENDS))
    throw new TensorError(
      'DEVICE',
      `device must be one of ${DEVICES.join(', ')}, but got "${name}"`,
      'correct the name',
    );
  const device = name as Device;
  if (isAvailable(device)) return device;
  throw new TensorError(
    'DEVICE',
    `device "${name}" is not available here (available: ${availableDevices().join(', ')})`,
    BACKENDS[device].hint,
  );
}

export function providersOf(device: Device): InferenceSession.ExecutionProviderConfig[] {
  const { provider } = BACKENDS[device];
  return provider === 'cpu' ? ['cpu'] : [provider, 'cpu'];
}

/** What a user can do where `device` does not run. */
export const hintOf = (device: Device): string => BACKENDS[device].hint;

/** What a device needs, whether ONNX Runtime carries it here, and what is to be known about it. */
export interface DeviceFacts {
  readonly device: Device;
  readonly needs: string;
  /** Whether the execution provider is installed; a GPU or its driver may still be absent. */
  readonly installed: boolean;
  /** What to do where it is not. */
  readonly hint: string;
  readonly note: string | undefined;
}

/** The facts of every device, the processor first. */
export function deviceFacts(): DeviceFacts[] {
  return (Object.keys(BACKENDS) as Device[]).map((device) => {
    const { needs, hint, note } = BACKENDS[device];
    return { device, needs, installed: isAvailable(device), hint, note };
  });
}
