// Failures of a request as RFC 9457 problem details, from one table of kinds.

/** Every kind of problem the server answers with: status, title and what it means. Its `type` is a link into `/docs`. */
export const PROBLEMS = {
  'malformed-request': [
    400,
    'Malformed request',
    'The body or a header cannot be read as what it claims to be.',
  ],
  unauthorized: [401, 'Unauthorized', 'A bearer token is needed, and none or an unknown one was sent.'],
  forbidden: [403, 'Forbidden', 'The token is known but may not do this.'],
  'not-found': [404, 'Not found', 'There is nothing at this address, or it belongs to another token.'],
  'method-not-allowed': [
    405,
    'Method not allowed',
    'The address exists; `Allow` lists the methods it takes.',
  ],
  'body-too-slow': [408, 'Body too slow', 'The body did not arrive in the time allowed.'],
  conflict: [409, 'Conflict', 'The job is not in a state that allows this.'],
  'body-too-large': [413, 'Body too large', 'The body, or the number of images in it, exceeds the limit.'],
  'unsupported-media-type': [
    415,
    'Unsupported media type',
    'The body is of a type that the address does not take.',
  ],
  'image-unusable': [
    422,
    'Unusable image',
    'An image is damaged, too large in pixels or of an unsupported kind.',
  ],
  'request-invalid': [
    422,
    'Invalid request',
    'The body can be read, but a field or an option in it is wrong.',
  ],
  'too-many-requests': [
    429,
    'Too many requests',
    'This token has as many requests or jobs open as one may have.',
  ],
  'headers-too-large': [431, 'Headers too large', 'The headers exceed the limit.'],
  'model-refused': [
    500,
    'Model refused',
    'The model does not pass its checks; the one before goes on answering.',
  ],
  internal: [500, 'Internal error', 'A fault of the server; its log has the details under the request id.'],
  overloaded: [
    503,
    'Overloaded',
    'As much as the server takes is under way; `Retry-After` says when to try again.',
  ],
  'not-ready': [503, 'Not ready', 'No model is loaded yet, or the server is shutting down.'],
} as const satisfies Record<string, readonly [status: number, title: string, meaning: string]>;

export type ProblemKind = keyof typeof PROBLEMS;

/** The body of a problem response, RFC 9457 section 3. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly request_id?: string;
}

/** A request that fails with `kind`; `detail` says what must hold and what arrived. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemKind, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'Problem';
    this.kind = kind;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.kind][0];
  }
}

/** A problem that passes by itself: `Retry-After` in whole seconds. */
export function retryLater(
  kind: 'overloaded' | 'not-ready' | 'too-many-requests',
  detail: string,
  seconds = 1,
): Problem {
  return new Problem(kind, detail, { 'retry-after': String(seconds) });
}

export function problemBody(problem: Problem, requestId?: string): ProblemBody {
  const [status, title] = PROBLEMS[problem.kind];
  const body = { type: `/docs#${problem.kind}`, title, status, detail: problem.message };
  return requestId === undefined ? body : { ...body, request_id: requestId };
}

/** Headers of a problem's answer. A body that was refused is not taken to its end: the connection closes after 408 and 413. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const closing = problem.status === 408 || problem.status === 413;
  return {
    'content-type': 'application/problem+json',
    ...(closing ? { connection: 'close' } : {}),
    ...problem.headers,
  };
}

/** `problem` as a response. */
export function problemResponse(problem: Problem, requestId?: string): Response {
  const { status } = problem;
  return new Response(JSON.stringify(problemBody(problem, requestId)), {
    status,
    headers: problemHeaders(problem),
  });
}
