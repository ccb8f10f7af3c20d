// Answers `POST /v1/predict` on Node's own request and response. The app answers the same; but the Request, Response and streams of
// the web that it needs cost more than judging a crop.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Services } from './app-context.ts';
import { readIncoming } from './body.ts';
import { authenticated, problemOf, record, requestIdOf } from './exchange.ts';
import { closeUnlessRead } from './linger.ts';
import { predict } from './prediction.ts';
import { problemBody, problemHeaders } from './problem.ts';
import { PREDICT_PATH } from './routes/predict.ts';

/** Answers a request and returns true, or leaves it alone. */
export type DirectAnswer = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** Takes predictions, but not those of pages of other origins: what these may see is the app's business. */
export function directPredictions(services: Services): DirectAnswer {
  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    if (method !== 'POST' || url !== PREDICT_PATH || headers.origin !== undefined) return false;
    void answer(incoming, outgoing, services);
    return true;
  };
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  services: Services,
): Promise<void> {
  const begun = performance.now();
  const { headers } = incoming;
  const id = requestIdOf(headers['x-request-id'] as string | undefined, services.newId);
  const asker: { client: string | null } = { client: null };
  const { status, headers: own, body } = await replyTo(incoming, services, id, asker);
  const reply: Record<string, string | number> = {
    ...own,
    'content-length': Buffer.byteLength(body),
    'x-request-id': id,
    'x-content-type-options': 'nosniff',
  };
  if (services.draining()) reply['connection'] = 'close';
  closeUnlessRead(incoming, outgoing, services.limits.lingerGapMs);
  outgoing.writeHead(status, reply);
  outgoing.end(body);
  const at = { method: 'POST', path: PREDICT_PATH, route: PREDICT_PATH };
  record(services, { id, ...at, status, client: asker.client, begun });
}

async function replyTo(
  incoming: IncomingMessage,
  services: Services,
  id: string,
  asker: { client: string | null },
): Promise<Reply> {
  const { headers } = incoming;
  try {
    asker.client = authenticated(services, headers.authorization).client;
    const header = (name: string) => (headers[name] as string | undefined) ?? null;
    const read = (bounds: Parameters<typeof readIncoming>[1]) => readIncoming(incoming, bounds);
    const found = await predict({ header, client: asker.client, read }, services);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(found) };
  } catch (error) {
    const problem = problemOf(error as Error, id, services);
    const body = JSON.stringify(problemBody(problem, id));
    return { status: problem.status, headers: problemHeaders(problem), body };
  }
}
