/** To the worker: a request body to count. It gets them one at a time. */
export interface CountRequest {
  readonly body: Uint8Array;
}

/** From the worker, once for each request. */
export interface CountReply {
  /** Undefined: the body is no JSON. */
  readonly tokens: number | undefined;
}
