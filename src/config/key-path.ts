/** `a.b`, or `a["*b*"]` for a key that is no plain word. Very long keys are shortened. */
export function join(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) {
    return `${path}[${JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)}]`;
  }
  return path === '' ? key : `${path}.${key}`;
}
