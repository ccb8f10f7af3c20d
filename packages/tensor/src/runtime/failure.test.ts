// Tests of how failures of ONNX Runtime are worded.
import { describe, expect, it } from 'vitest';
import { reasonOf, runtimeFailure } from './failure.ts';

const NO_ADAPTER =
  '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters';

describe('failures of ONNX Runtime', () => {
  it('say what the device lacks and what to do, in our words', () => {
    const error = runtimeFailure(new Error(NO_ADAPTER), 'load the graph', {
      device: 'webgpu',
      hint: 'install it',
    });
    expect(error).toMatchObject({
      code: 'DEVICE',
      message: 'device "webgpu" cannot start: no GPU with a driver that ONNX Runtime can use was found',
      hint: 'install it',
    });
  });

  it('tell a missing library from a missing GPU', () => {
    const said = (text: string) =>
      runtimeFailure(new Error(text), 'load the graph', { device: 'cuda', hint: '' }).message;
    expect(said('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library')).toBe(
      'device "cuda" cannot start: ONNX Runtime’s CUDA library, or one that it needs, could not be loaded; the line above names it',
    );
    expect(
      said(
        '/a/cuda_call.cc:154 f() CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
      ),
    ).toBe('device "cuda" cannot start: no NVIDIA GPU with a driver was found');
  });

  it('lose the source files before their reasons', () => {
    expect(reasonOf(NO_ADAPTER)).toBe('Failed to get a WebGPU adapter: No supported adapters');
    expect(reasonOf('/a/b.cc:12 void f(int) Got invalid dimensions\n  at x')).toBe('Got invalid dimensions');
    const error = runtimeFailure('plain words', 'run the graph', { device: 'cpu', hint: '' });
    expect(error).toMatchObject({
      code: 'RUNTIME',
      message: 'ONNX Runtime failed to run the graph: plain words',
    });
  });
});
