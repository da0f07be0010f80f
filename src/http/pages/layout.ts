import type { DocumentAnswer, DocumentOperation, OpenApiDocument } from '../openapi.ts';
import { curlLine } from './curl.ts';
import { type Html, html, own } from './html.ts';
import { fieldList, typeLine } from './schema-view.ts';
import { COPY_SCRIPT, STYLE } from './style.ts';

/** What both pages are made of. */

/** One operation with its place. */
export interface Placed {
  /** Lower case. */
  readonly method: string;
  readonly path: string;
  readonly operation: DocumentOperation;
}

/** The operations of each group, in the document's order. */
export function groupsOf(document: OpenApiDocument): readonly (readonly [string, readonly Placed[]])[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  return document.tags.map(({ name }) => [
    name,
    all.filter(({ operation }) => operation.tags.includes(name)),
  ]);
}

/** A whole page: contents beside, the text, our style and our one script. */
export function page(document: OpenApiDocument, kind: 'trying' | 'reading', main: Html): string {
  const { title, version, description } = document.info;
  const contents = groupsOf(document).map(
    ([name, placed]) =>
      html`<h2>${name}</h2><ul>${placed.map(
        ({ operation }) => html`<li><a href="#${operation.operationId}">${operation.summary}</a></li>`,
      )}</ul>`,
  );
  const other =
    kind === 'trying'
      ? html`<a href="redoc">The same to read</a>`
      : html`<a href="docs">With lines to copy</a>`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – HTTP interface</title>
<style>${own(STYLE)}</style>
</head>
<body class="${kind}">
<a class="skip" href="#main">To the text</a>
<nav aria-label="Contents"><strong>${title}</strong>${contents}
<h2>Schemas</h2><ul>${Object.keys(document.components.schemas).map(
    (name) => html`<li><a href="#schema-${name}">${name}</a></li>`,
  )}</ul></nav>
<main id="main">
<h1>${title}</h1>
<p class="lead">Version ${version} · ${other} · <a href="openapi.json">openapi.json</a></p>
<p>${description}</p>
${main}
</main>
<script>${own(COPY_SCRIPT)}</script>
</body>
</html>
`.html;
}

/** Method and path, as a heading's content. */
export function placeLine({ method, path }: Placed): Html {
  return html`<span class="method ${method}">${method.toUpperCase()}</span> <code class="path">${path}</code>`;
}

/** Everything that is said of an operation. */
export function details({ method, path, operation }: Placed, origin: string): Html {
  const { description, parameters = [], requestBody, responses } = operation;
  const aliases = operation['x-aliases'] ?? [];
  const line = curlLine(origin, method, path, operation);
  return html`${description === undefined ? '' : html`<p>${description}</p>`}
${aliases.length === 0 ? '' : html`<p class="soft">Also at <code>${aliases.join(', ')}</code>.</p>`}
<h4>Ask</h4>
<div class="line"><pre tabindex="0">${line}</pre><button type="button" data-copy hidden aria-label="Copy the command for ${method.toUpperCase()} ${path}">Copy</button></div>
${parameters.length === 0 ? '' : html`<h4>Parameters</h4><ul class="fields">${parameters.map(parameterItem)}</ul>`}
${
  requestBody === undefined
    ? ''
    : html`<h4>Body</h4><p>${requestBody.description}</p>${Object.entries(requestBody.content).map(
        ([type, { schema }]) =>
          html`<p><code>${type}</code> <span class="type">${typeLine(schema)}</span></p>${fieldList(schema)}`,
      )}`
}
<h4>Answers</h4>
<ul class="fields">${Object.entries(responses).map(answerItem)}</ul>`;
}

function parameterItem(parameter: NonNullable<DocumentOperation['parameters']>[number]): Html {
  const { name, required, description, schema } = parameter;
  return html`<li><code class="name">${name}</code> <span class="type">${typeLine(schema)}</span> <span class="may">${
    parameter.in
  }, ${required ? 'required' : 'optional'}</span><p>${description}</p></li>`;
}

function answerItem([status, answer]: readonly [string, DocumentAnswer]): Html {
  const { description, content = {}, headers = {} } = answer;
  const kind = status.startsWith('2') ? 'ok' : 'no';
  const forms = Object.entries(content).map(
    ([type, { schema }]) =>
      html`<p><code>${type}</code> <span class="type">${typeLine(schema)}</span></p>${fieldList(schema)}`,
  );
  const named = Object.entries(headers).map(
    ([name, header]) => html`<li><code class="name">${name}</code><p>${header.description}</p></li>`,
  );
  return html`<li><span class="status ${kind}">${status}</span> ${description}${forms}${
    named.length === 0 ? '' : html`<ul class="fields">${named}</ul>`
  }</li>`;
}

/** Every named schema with its fields. */
export function schemaSections(document: OpenApiDocument): Html {
  const sections = Object.entries(document.components.schemas).map(([name, schema]) => {
    const { description } = schema;
    return html`<article id="schema-${name}"><h3>${name}</h3>${
      typeof description === 'string' ? html`<p>${description}</p>` : ''
    }${fieldList(schema)}</article>`;
  });
  return html`<h2 id="schemas">Schemas</h2>${sections}`;
}
