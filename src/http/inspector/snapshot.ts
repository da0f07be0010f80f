import type { AppDependencies } from '../context.ts';
import { providersView } from '../provider-view.ts';
import type { InspectorPort } from './port.ts';

/** Events of the past that a snapshot brings along. */
const HISTORY = 10_000;

/** Everything that the page begins with; the feed goes on after `seq`. */
export function snapshotView(deps: AppDependencies, inspector: InspectorPort, history: number) {
  const { lastSeq } = inspector;
  const settings = deps.settings();
  const view = { settings, now: deps.now(), redact: deps.redact };
  return {
    run: inspector.run,
    seq: lastSeq,
    now: deps.now(),
    version: deps.version,
    app_name: settings.appName,
    captures_bodies: settings.inspector.captureBodies,
    auth_enabled: settings.auth.enabled,
    ...providersView(deps.engine.status(), view),
    totals: inspector.totals(),
    minutes: inspector.minutes(),
    base: inspector.base(),
    events: history === 0 ? [] : inspector.after(lastSeq - Math.min(history, HISTORY)),
  };
}
