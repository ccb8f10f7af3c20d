// Floats that files hold in fewer or more bits than the engine: as float32.

/** IEEE half precision (binary16) from its bits. */
export function fromHalf(words: Uint16Array): Float32Array {
  return Float32Array.from(words, (bits) => {
    const [sign, exponent, fraction] = [bits >> 15 === 0 ? 1 : -1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction / 2 ** 24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  });
}

/** bfloat16 from its bits: the upper half of a float32. */
export const fromBfloat16 = (words: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);
