import type { OpenApiDocument } from '../openapi.ts';
import { html } from './html.ts';
import { details, groupsOf, page, placeLine, schemaSections } from './layout.ts';

/** `/docs`: every operation in a line that opens, with a command to copy. `origin`: where this balancer is reached. */
export function operationsPage(document: OpenApiDocument, origin: string): string {
  const groups = groupsOf(document).map(
    ([name, placed]) =>
      html`<h2>${name}</h2>${placed.map(
        (each) =>
          html`<details class="op" id="${each.operation.operationId}"><summary>${placeLine(each)} <span class="soft">${
            each.operation.summary
          }</span></summary><div>${details(each, origin)}</div></details>`,
      )}`,
  );
  return page(document, 'trying', html`${groups}${schemaSections(document)}`);
}
