/** What the exit codes of the command mean. Scripts rely on them: none changes its meaning. */
export const EXIT = {
  ok: 0,
  /** It failed, or it was told no. */
  failed: 1,
  usage: 2,
  notRunning: 3,
  /** `run`: no balancer could be had, and the command was not started. 125 to 127 are as in `env` and `timeout`. */
  noBalancer: 125,
  notExecutable: 126,
  notFound: 127,
  /** 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** The codes as help and documents tell them. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'all is well'],
  ['1', 'it failed, the configuration has errors, or the answer to a question was no'],
  ['2', 'the command line is wrong'],
  ['3', 'no balancer is running (status, top, providers, reload, cool, reset, forget, disable, enable)'],
  ['125', 'run: no balancer could be had; the command was not started'],
  ['126, 127', 'run: the command cannot be executed, or is not there'],
  ['130', 'interrupted by Ctrl-C'],
];
