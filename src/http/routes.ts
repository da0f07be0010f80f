import { OPEN_PATHS } from './access.ts';
import { cacheRoutes } from './cache.ts';
import { chatRoutes } from './chat-completions.ts';
import type { AppDependencies } from './context.ts';
import { documentationRoutes } from './documentation.ts';
import { inspectorRoutes } from './inspector/routes.ts';
import { messageRoutes } from './message-routes.ts';
import { modelRoutes } from './models.ts';
import { type OpenApiDocument, openApiDocument } from './openapi.ts';
import { probeRoutes } from './probes.ts';
import { providerRoutes } from './providers.ts';
import type { Route } from './route.ts';
import { NAMED_SCHEMAS } from './schemas/named.ts';

/** The one table of routes: what is served and what is documented are both read from it. */
export function routesOf(deps: AppDependencies): readonly Route[] {
  const routes: readonly Route[] = [
    ...messageRoutes(deps),
    ...chatRoutes(deps),
    ...modelRoutes(deps),
    ...providerRoutes(deps),
    ...cacheRoutes(deps),
    ...probeRoutes(deps),
    ...inspectorRoutes(deps),
    ...documentationRoutes(deps, () => describe()),
  ];
  const describe = describer(deps, routes);
  return routes;
}

/** Writes the document when it is first asked for, and again when a reload changed what it says. */
function describer(deps: AppDependencies, routes: readonly Route[]): () => OpenApiDocument {
  let written: { readonly key: string; readonly document: OpenApiDocument } | undefined;
  return function describe() {
    const { appName, auth } = deps.settings();
    const { enabled, exemptPaths } = auth;
    const key = JSON.stringify([appName, enabled, exemptPaths]);
    if (written?.key !== key) {
      const openPaths = [...OPEN_PATHS, ...exemptPaths.map((path) => path.replace(/(?<=.)\/+$/, ''))];
      const facts = {
        title: appName,
        version: deps.version,
        keyNeeded: enabled,
        openPaths,
        schemas: NAMED_SCHEMAS,
      };
      written = { key, document: openApiDocument(routes, facts) };
    }
    return written.document;
  };
}
