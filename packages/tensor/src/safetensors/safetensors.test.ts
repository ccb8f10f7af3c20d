// Tests of the safetensors reader and writer.
import { describe, expect, it } from 'vitest';
import type { HostTensor } from '../ir/host.ts';
import { TensorError } from '../error.ts';
import { loadSafetensors, saveSafetensors } from './safetensors.ts';

const tensors = new Map<string, HostTensor>([
  ['b.flags', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['model.0.weight', { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1.5, -0) }],
  ['a.bytes', { dtype: 'uint8', shape: [1], data: Uint8Array.of(255) }],
  ['count', { dtype: 'int32', shape: [], data: Int32Array.of(-7) }],
  ['optimizer.step', { dtype: 'int64', shape: [], data: BigInt64Array.of(2n ** 40n) }],
  ['empty', { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }],
]);
const file = saveSafetensors(tensors, { epoch: '3', note: 'größer' });

describe('safetensors', () => {
  it('reads back what it wrote', () => {
    const { tensors: read, metadata } = loadSafetensors(file, 'x');
    expect(new Map([...read].sort())).toEqual(new Map([...tensors].sort()));
    expect(metadata).toEqual({ epoch: '3', note: 'größer' });
  });

  it('gives the same bytes whatever the order, from any view of memory', () => {
    expect(saveSafetensors(new Map([...tensors].reverse()), { note: 'größer', epoch: '3' })).toEqual(file);
    const shifted = Buffer.concat([Buffer.from('xyz'), file]).subarray(3);
    expect(loadSafetensors(shifted, 'x').tensors.get('count')).toEqual(tensors.get('count'));
  });

  it.each([
    ['F16', [0x00, 0x3e, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c], [1.5, -2, 2 ** -24, Infinity]],
    ['BF16', [0xc0, 0x3f, 0x00, 0xc0, 0x80, 0x7f, 0x80, 0x00], [1.5, -2, Infinity, 2 ** -126]],
    ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], [1.5]],
  ])('reads %s as float32', (dtype, bytes, values) => {
    const header = JSON.stringify({ a: { dtype, shape: [values.length], data_offsets: [0, bytes.length] } });
    const whole = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.from(bytes)]);
    whole.writeBigUInt64LE(BigInt(header.length));
    expect(loadSafetensors(whole, 'x').tensors.get('a')).toEqual({
      dtype: 'float32',
      shape: [values.length],
      data: Float32Array.from(values),
    });
  });

  it('aligns the data for direct mapping', () => {
    expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
  });

  it('names the file when it is cut at any byte', () => {
    for (let length = 0; length < file.length; length++)
      expect(() => loadSafetensors(file.subarray(0, length), 'run/last.safetensors')).toThrow(
        /^run\/last\.safetensors is no whole safetensors file/,
      );
    expect(() => loadSafetensors(Buffer.concat([file, file]), 'x')).toThrow(/describes \d+ bytes/);
  });

  it.each([
    ['{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', /does not match its shape/],
    ['{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', /malformed/],
    ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', /malformed/],
    ['{"a":7}', /malformed/],
    ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', /malformed/],
    [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      /describes 8 bytes of data, but it holds 4/,
    ],
    ['{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,4]}}', /"a" must be one of .* but is F8_E4M3/],
    ['[]', /no JSON object/],
    ['not', /no JSON/],
  ])('refuses the header %s', (header, message) => {
    const bytes = Buffer.alloc(8 + header.length + 4);
    bytes.writeBigUInt64LE(BigInt(header.length));
    bytes.write(header, 8);
    expect(() => loadSafetensors(bytes, 'x')).toThrow(message);
    expect(() => loadSafetensors(bytes, 'x')).toThrow(TensorError);
  });
});
