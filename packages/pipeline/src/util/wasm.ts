// Starts WebAssembly modules, and makes memory that threads and modules share.

/** What is used of WebAssembly: Node's types leave it to the DOM library, which a server program should not load. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: unknown };
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedMemory;
}

/** Memory that several threads and modules work in. It grows without moving: views of it stay good. */
export interface SharedMemory {
  /** All of it, as long as it is now. */
  readonly buffer: SharedArrayBuffer;
  /** Appends pages of {@link PAGE} bytes, all zero. */
  grow(pages: number): number;
}

export const PAGE = 65536;
/** Pages that 32 bits address; a module that imports memory must allow as many. */
const MOST_PAGES = 65536;

const { Module, Instance, Memory } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly;

/** At least `bytes` of zeros. */
export function createSharedMemory(bytes: number): SharedMemory {
  return new Memory({ initial: Math.ceil(bytes / PAGE), maximum: MOST_PAGES, shared: true });
}

/**
 * Compiles and starts the module whose bytes are `base64`; the caller says what it exports, and gives the memory where the module
 * has none of its own. Synchronous: for modules of a few KB.
 */
export function instantiateWasm<Exports>(base64: string, memory?: SharedMemory): Exports {
  return new Instance(new Module(Buffer.from(base64, 'base64')), { env: { memory } }).exports as Exports;
}
