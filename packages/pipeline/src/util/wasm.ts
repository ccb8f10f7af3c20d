// Starts a WebAssembly module that needs nothing from outside.

/** What is used of WebAssembly: Node's types leave it to the DOM library, which a server program should not load. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** Compiles and starts the module whose bytes are `base64`; the caller says what it exports. Synchronous: for modules of a few KB. */
export function instantiateWasm<Exports>(base64: string): Exports {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly;
  return new Instance(new Module(Buffer.from(base64, 'base64'))).exports as Exports;
}
