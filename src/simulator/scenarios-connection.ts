import type { Scenario } from './scenario.ts';

/** An HTTP server that accepts the connection and then fails below HTTP. */
export const CONNECTION_SCENARIOS = {
  connection_error: {
    about: 'reset before the headers',
    behaviour: { kind: 'break', fault: 'reset_before_headers' },
    expected: 'unreachable',
    anyForm: true,
  },
  fin_before_headers: {
    about: 'closed before the headers',
    behaviour: { kind: 'break', fault: 'fin_before_headers' },
    expected: 'unreachable',
    anyForm: true,
  },
  reset_inside_headers: {
    about: 'reset within the headers',
    behaviour: { kind: 'break', fault: 'reset_inside_headers' },
    expected: 'unreachable',
    anyForm: true,
  },
  fin_inside_headers: {
    about: 'closed within the headers',
    behaviour: { kind: 'break', fault: 'fin_inside_headers' },
    expected: 'unreachable',
    anyForm: true,
  },
  garbage: {
    about: 'something that is not HTTP',
    behaviour: { kind: 'break', fault: 'garbage' },
    expected: 'unreachable',
    anyForm: true,
  },
  huge_headers: {
    about: '70 KB of headers, more than anyone accepts',
    behaviour: { kind: 'break', fault: 'huge_headers' },
    expected: 'unreachable',
    anyForm: true,
  },
  timeout: {
    about: 'accepts the request and never answers',
    behaviour: { kind: 'break', fault: 'silence' },
    expected: 'stalled',
    endless: true,
    anyForm: true,
  },
  dripping_headers: {
    about: 'a header each second, never the last one',
    behaviour: { kind: 'break', fault: 'dripping_headers' },
    expected: 'stalled',
    endless: true,
    anyForm: true,
  },
} as const satisfies Readonly<Record<string, Scenario>>;
