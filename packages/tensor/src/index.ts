// Public API of the training compiler.
export {};
