const COMPLETIONS = '/chat/completions';
const VERSION = /\/v\d[^/]*(?:\/|$)/i;
/** Addresses that end so lack their version: OpenRouter's `/api`, Groq's and Azure's `/openai`. */
const BARE = /^$|\/(?:api|openai)$/i;

/**
 * Where completions are asked for. A `base_url` ends where `/chat/completions` begins; the bare address of a server gets
 * `/v1`, and a whole address stays as it is. A query (Azure's `api-version`) goes along.
 *
 * @param baseUrl a valid absolute URL
 */
export function completionsUrl(baseUrl: string): string {
  return addressed(baseUrl, COMPLETIONS);
}

/** Where the models are listed. */
export function modelsUrl(baseUrl: string): string {
  return addressed(baseUrl, '/models');
}

/** Whether the host is Microsoft's, which wants keys in a header of its own. */
export function isAzure(baseUrl: string): boolean {
  return /\.(?:openai|services\.ai|cognitiveservices)\.azure\.com$/i.test(new URL(baseUrl).hostname);
}

function addressed(baseUrl: string, endpoint: string): string {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, '');
  const base = path.endsWith(COMPLETIONS) ? path.slice(0, -COMPLETIONS.length) : versioned(path, baseUrl);
  return `${url.origin}${base}${endpoint}${url.search}`;
}

function versioned(path: string, baseUrl: string): string {
  if (path === '' && isAzure(baseUrl)) return '/openai/v1';
  return BARE.test(path) && !VERSION.test(path) ? `${path}/v1` : path;
}
