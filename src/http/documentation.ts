import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { AppDependencies, HttpContext } from './context.ts';
import type { OpenApiDocument } from './openapi.ts';
import { operationsPage } from './pages/operations-page.ts';
import { readingPage } from './pages/reading-page.ts';
import { COPY_SCRIPT, STYLE } from './pages/style.ts';
import type { Answer, Route } from './route.ts';

const TAG = 'Documentation';

const PAGE: Answer = {
  description: 'A page that loads nothing from elsewhere.',
  schema: v.string(),
  type: 'text/html',
};

/** `/openapi.json` and two pages made of it: one to try things out, one to read. They work without a network. */
export function documentationRoutes(deps: AppDependencies, describe: () => OpenApiDocument): Route[] {
  const page = (c: HttpContext, html: string): Response =>
    new Response(html, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': POLICY,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-balancer-request-id': c.get('requestId'),
      },
    });
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      operation: {
        id: 'getOpenApi',
        tag: TAG,
        summary: 'This document, for machines',
        description: 'OpenAPI 3.1, made of the very schemas that the routes answer by.',
        answers: {
          200: {
            description: 'The document.',
            schema: v.objectWithRest({ openapi: v.string() }, v.unknown()),
          },
        },
      },
      handler: (c) => c.json(describe()),
    },
    {
      method: 'GET',
      path: '/docs',
      operation: {
        id: 'getDocs',
        tag: TAG,
        summary: 'Every route with a line to copy',
        answers: { 200: PAGE },
      },
      handler: (c) => page(c, operationsPage(describe(), origin(c, deps))),
    },
    {
      method: 'GET',
      path: '/redoc',
      operation: { id: 'getRedoc', tag: TAG, summary: 'The same to read', answers: { 200: PAGE } },
      handler: (c) => page(c, readingPage(describe(), origin(c, deps))),
    },
  ];
}

/** Where whoever asks reaches us, for the lines to copy. Behind a proxy that ends TLS it is told by the usual header. */
function origin(c: HttpContext, deps: AppDependencies): string {
  const { host, port } = deps.settings();
  const named = c.req.header('host') ?? '';
  // It goes into lines that are pasted into a shell.
  const authority = /^[\w.:[\]-]+$/.test(named) ? named : `${host}:${port}`;
  const forwarded = c.req.header('x-forwarded-proto');
  return `${forwarded === 'https' ? 'https' : 'http'}://${authority}`;
}

/** Only our own style and the one script run here: both are named by their hash, everything else is refused. */
const POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(COPY_SCRIPT)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
