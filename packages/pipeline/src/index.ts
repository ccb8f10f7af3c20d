// Public API of spatter as a library.
export { SpatterError, type ErrorCode } from './util/errors.ts';
