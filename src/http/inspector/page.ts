import type { HttpContext } from '../context.ts';
import { html } from '../pages/html.ts';
import type { InspectorPort } from './port.ts';

/** Nothing but our own files, no inline code, no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const SAFE = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Not `no-referrer`: with it a form's Origin is `null`, and the form for the key would be a stranger's.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** A file of the built page. */
export async function servedFile(c: HttpContext, inspector: InspectorPort, name: string): Promise<Response> {
  const file = await inspector.file(name);
  if (file === undefined)
    return c.text(name === 'index.html' ? NOT_BUILT : 'There is no such file.', 404, SAFE);
  const isNamedByContent = /-[\w-]{8}\.\w+$/.test(name);
  return new Response(file.bytes, {
    headers: {
      ...SAFE,
      'content-type': file.type,
      'cache-control': isNamedByContent ? 'private, max-age=31536000, immutable' : 'no-store',
    },
  });
}

const NOT_BUILT = 'The inspector’s page is not there: build it with npm run build.';

/** The form that asks for the key. It works without a script, and posts: a key never stands in an address. */
export function signInPage(problem: string | undefined, status: 200 | 401 | 429): Response {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inspector – sign in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/inspector/assets/inspector.css">
</head>
<body class="sign-in">
<main>
<form method="post" action="/inspector/session" class="sign-in-card">
<h1>Inspector</h1>
<p>This balancer asks for its API key.</p>
${problem === undefined ? '' : html`<p class="problem" role="alert">${problem}</p>`}
<input name="user" type="text" autocomplete="username" value="balancer" hidden>
<label for="key">API key</label>
<input id="key" name="key" type="password" autocomplete="current-password" required autofocus>
<button type="submit" class="primary">Sign in</button>
</form>
</main>
</body>
</html>
`.html;
  return new Response(page, {
    status,
    headers: { ...SAFE, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  });
}
