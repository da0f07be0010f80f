import type { OpenApiDocument } from '../openapi.ts';
import { html } from './html.ts';
import { details, groupsOf, page, placeLine, schemaSections } from './layout.ts';

/** `/redoc`: the same from beginning to end, to be read or printed. `origin`: where this balancer is reached. */
export function readingPage(document: OpenApiDocument, origin: string): string {
  const groups = groupsOf(document).map(
    ([name, placed]) =>
      html`<h2>${name}</h2>${placed.map(
        (each) =>
          html`<article id="${each.operation.operationId}"><h3>${each.operation.summary}</h3><p>${placeLine(each)}</p>${details(
            each,
            origin,
          )}</article>`,
      )}`,
  );
  return page(document, 'reading', html`${groups}${schemaSections(document)}`);
}
