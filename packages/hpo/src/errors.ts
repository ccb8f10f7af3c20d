// The one table of error codes of this package and the error class that every failure of the caller is thrown as.

/** Stable error codes. Each says when it is raised; `docs/reference/hpo-compatibility.md` is kept equal to this table by a test. */
export const HPO_ERRORS = {
  INVALID_ARGUMENT: 'An argument or an option is out of its range.',
  INVALID_DISTRIBUTION:
    'A search interval or a list of choices cannot be searched, or a value lies outside it.',
  INCOMPATIBLE_DISTRIBUTION: 'The same parameter name was given another kind, log setting or other choices.',
  STUDY_EXISTS: 'A study of this name is already in the storage.',
  STUDY_NOT_FOUND: 'The storage holds no study of this name or id.',
  TRIAL_NOT_FOUND: 'The study holds no trial of this number or id.',
  TRIAL_FINISHED: 'The trial has already ended; ended trials never change.',
  NO_BEST_TRIAL: 'No trial has completed yet, or none that satisfies the constraints.',
  STORAGE_SCHEMA: 'The storage was written by another version of the schema, or is no study storage.',
  STORAGE_UNREACHABLE: 'The database server does not answer, or refuses the login.',
  STORAGE_BUSY: 'Other processes kept the storage locked for longer than the wait limit.',
} as const;

export type HpoErrorCode = keyof typeof HPO_ERRORS;

/** A failure the caller can act on. `message` says what must hold and what arrived; `hint` says what to do. */
export class HpoError extends Error {
  readonly code: HpoErrorCode;
  readonly hint: string;

  constructor(code: HpoErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HpoError';
    this.code = code;
    this.hint = hint;
  }
}

/** Throws INVALID_ARGUMENT unless `holds`; `message` says what must hold and what arrived. */
export function requireArgument(holds: boolean, message: string, hint = 'correct the argument'): void {
  if (!holds) throw new HpoError('INVALID_ARGUMENT', message, hint);
}
