/** Why no connection came about. An `Error` because undici's connector wants one; it never leaves the transport. */
export class ConnectError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ConnectError';
    this.code = code;
  }
}
