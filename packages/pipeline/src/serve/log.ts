// Structured logs: one JSON object a line, into whatever sink the caller gives.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
  /** Whether `level` is written: spares the making of fields. */
  readonly writes: (level: LogLevel) => boolean;
}

/** Writes lines of `level` and above. `now` gives milliseconds since 1970. */
export function createLog(level: LogLevel, write: (line: string) => void, now: () => number): Log {
  const writes = (of: LogLevel) => LOG_LEVELS.indexOf(of) >= LOG_LEVELS.indexOf(level);
  const at = (of: LogLevel) => (message: string, fields?: LogFields) => {
    if (!writes(of)) return;
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level: of, message, ...fields })}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), writes };
}
