import type { DocumentOperation } from '../openapi.ts';

/** A line for a POSIX shell that asks for an operation; `NAME` stands for what only the reader knows. */
export function curlLine(origin: string, method: string, path: string, operation: DocumentOperation): string {
  const parts = ['curl'];
  if (method !== 'get') parts.push('-X', method.toUpperCase());
  parts.push(quoted(origin + path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())));
  if (!operation.security.some((scheme) => Object.keys(scheme).length === 0)) {
    parts.push('-H', '"x-api-key: $BALANCER_KEY"');
  }
  for (const [type, { example }] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push('-H', quoted(`content-type: ${type}`));
    if (example !== undefined) parts.push('-d', quoted(JSON.stringify(example)));
  }
  return parts.join(' ');
}

function quoted(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
