// Back-pressure: how many requests, and how many bytes of bodies, are under way; refuses more before reading any of them.
import type { Limits } from './limits.ts';
import { retryLater } from './problem.ts';

type Allowed = Pick<Limits, 'requests' | 'requestsPerToken' | 'bufferedBytes'>;

export class Admission {
  readonly #allowed: Allowed;
  readonly #perToken = new Map<string, number>();
  #requests = 0;
  #bytes = 0;

  constructor(allowed: Allowed) {
    this.#allowed = allowed;
  }

  /** Requests under way. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Counts a request of `token` (null: none needed) whose body may take `bytes`; the result ends it, once.
   * @throws {Problem} too-many-requests for the token, overloaded for the server.
   */
  enter(token: string | null, bytes: number): () => void {
    this.#refuse(token, bytes);
    this.#requests++;
    this.#bytes += bytes;
    this.#count(token, 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#requests--;
      this.#bytes -= bytes;
      this.#count(token, -1);
    };
  }

  #refuse(token: string | null, bytes: number): void {
    const { requests, requestsPerToken, bufferedBytes } = this.#allowed;
    if (token !== null && (this.#perToken.get(token) ?? 0) >= requestsPerToken) {
      throw retryLater('too-many-requests', `a token may have ${requestsPerToken} requests open`);
    }
    if (this.#requests >= requests) {
      throw retryLater('overloaded', `${requests} requests are under way, as many as the server takes`);
    }
    if (this.#bytes > 0 && this.#bytes + bytes > bufferedBytes) {
      throw retryLater('overloaded', `the bodies under way take the ${bufferedBytes} bytes that are allowed`);
    }
  }

  #count(token: string | null, change: number): void {
    if (token === null) return;
    const next = (this.#perToken.get(token) ?? 0) + change;
    if (next === 0) this.#perToken.delete(token);
    else this.#perToken.set(token, next);
  }
}
