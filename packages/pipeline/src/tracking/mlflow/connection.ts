// HTTP to an MLflow server: credentials, a limit of time, and new attempts with growing pauses where they may help.
import { createReadStream, statSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type AgentOptions } from 'node:https';
import { SpatterError } from '../../util/errors.ts';
import { readBytes } from '../../util/read-file.ts';

/** How to reach a server; `server-access.ts` says where MLflow's own client finds it. */
export interface ServerAccess {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Accepts any certificate. */
  readonly insecureTls?: boolean;
  /** PEM file of the authority that signed the server's certificate. */
  readonly certificate?: string | undefined;
  /** PEM file with our own certificate and its key, for servers that ask for one. */
  readonly clientCertificate?: string | undefined;
  /** Milliseconds without an answer after which an attempt has failed; default a minute. */
  readonly timeout?: number;
  /** Pauses before further attempts, in milliseconds; default 0.25, 0.5, 1, 2 s. */
  readonly pauses?: readonly number[];
}

const PAUSES = [250, 500, 1000, 2000];
const TIMEOUT = 60_000;

/** Answers after which another attempt may succeed. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path under the server's address, with query, or a whole address. */
  readonly path: string;
  readonly json?: unknown;
  /** A file to send. */
  readonly file?: string;
  /** False for what must not be done twice: one attempt. */
  readonly repeatable?: boolean;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** A server refused a request for what it says. */
export class MlflowRefusal extends SpatterError {
  /** MLflow's `error_code`, such as RESOURCE_DOES_NOT_EXIST. */
  readonly reason: string;

  constructor(reason: string, message: string, hint: string) {
    super('TRACKING_REFUSED', message, hint);
    this.reason = reason;
  }
}

export class MlflowConnection {
  /** Without credentials. */
  readonly address: string;
  readonly #base: URL;
  readonly #authorization: string | undefined;
  readonly #agent: HttpAgent;
  readonly #pauses: readonly number[];
  readonly #timeout: number;

  constructor(address: string, access: ServerAccess = {}) {
    const url = new URL(address.endsWith('/') ? address : `${address}/`);
    this.#authorization = authorizationOf(url, access);
    [url.username, url.password] = ['', ''];
    this.#base = url;
    this.address = url.href.replace(/\/$/, '');
    this.#pauses = access.pauses ?? PAUSES;
    this.#timeout = access.timeout ?? TIMEOUT;
    this.#agent =
      url.protocol === 'https:' ? new HttpsAgent(tlsOptions(access)) : new HttpAgent({ keepAlive: true });
  }

  /** Sends a request to MLflow's REST interface; `path` such as `runs/create`. */
  async call<T>(method: 'GET' | 'POST', path: string, json?: unknown, repeatable = true): Promise<T> {
    const body = json === undefined ? {} : { json };
    const answer = await this.send({ method, path: `api/2.0/mlflow/${path}`, repeatable, ...body });
    return JSON.parse(answer.toString() || '{}') as T;
  }

  /**
   * @returns the body of the answer.
   * @throws {SpatterError} TRACKING_UNREACHABLE after the last attempt or for missing credentials; {@link MlflowRefusal}.
   */
  async send(request: Request): Promise<Buffer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#attempt(request).catch((error: unknown) => this.#unreachable(error));
      if (!(answer instanceof SpatterError) && answer.status < 300) return answer.body;
      const failure = answer instanceof SpatterError ? answer : this.#failureOf(answer, request.path);
      const pause = this.#pauses[attempt];
      const temporary = failure.code === 'TRACKING_UNREACHABLE' && !isUnauthorized(answer);
      if (!temporary || request.repeatable === false || pause === undefined) throw failure;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt({ method, path, json, file }: Request): Promise<Answer> {
    const url = new URL(path, this.#base);
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const size = file === undefined ? body?.length : statSync(file).size;
    const headers = {
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(size === undefined ? {} : { 'content-length': size }),
    };
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent = send(url, { method, headers, agent: this.#agent, timeout: this.#timeout }, (response) =>
        resolve(wholeAnswer(response)),
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${this.#timeout / 1000} s`)));
      sent.on('error', reject);
      if (file === undefined) sent.end(body);
      else
        createReadStream(file)
          .on('error', (error) => sent.destroy(error))
          .pipe(sent);
    });
  }

  #unreachable(error: unknown): SpatterError {
    const what = error instanceof Error && error.message !== '' ? error.message : 'the connection failed';
    const message = `${this.address} does not answer: ${what}`;
    return new SpatterError('TRACKING_UNREACHABLE', message, 'check the server and the network', {
      cause: error,
    });
  }

  #failureOf({ status, body }: Answer, path: string): SpatterError {
    if (status === 401 || status === 403) {
      const hint = 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
      return new SpatterError(
        'TRACKING_UNREACHABLE',
        `${this.address} wants other credentials (${status})`,
        hint,
      );
    }
    const { error_code = `HTTP ${status}`, message = body.toString().slice(0, 200) } = parsed(body);
    const what = `${this.address}: ${path.split('?')[0] ?? ''}: ${message} (${error_code})`;
    if (!TEMPORARY.has(status))
      return new MlflowRefusal(error_code, what, 'correct what is logged, or tracking.uri');
    return new SpatterError('TRACKING_UNREACHABLE', what, 'check the server');
  }
}

const isUnauthorized = (answer: Answer | SpatterError): boolean =>
  !(answer instanceof SpatterError) && (answer.status === 401 || answer.status === 403);

function tlsOptions({ insecureTls, certificate, clientCertificate }: ServerAccess): AgentOptions {
  const own = clientCertificate === undefined ? undefined : readBytes(clientCertificate);
  return {
    keepAlive: true,
    rejectUnauthorized: insecureTls !== true,
    ...(certificate === undefined ? {} : { ca: readBytes(certificate) }),
    ...(own === undefined ? {} : { cert: own, key: own }),
  };
}

async function wholeAnswer(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts) };
}

function parsed(body: Buffer): { error_code?: string; message?: string } {
  try {
    return JSON.parse(body.toString()) as { error_code?: string; message?: string };
  } catch {
    return {};
  }
}

function authorizationOf(url: URL, { username, password, token }: ServerAccess): string | undefined {
  const [user, secret] = [
    username ?? decodeURIComponent(url.username),
    password ?? decodeURIComponent(url.password),
  ];
  if (user !== '' && secret !== '') return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
  return token === undefined ? undefined : `Bearer ${token}`;
}
