import { eventWords } from '../../domain/inspection/event-words.ts';
import type { InspectorEvent } from '../../domain/inspection/inspection.ts';
import { clock } from './format.ts';
import { isProviderChange } from './moments.ts';
import { StateBadge } from './parts.tsx';
import { linkTo } from './route.ts';

/** The last changes of providers, newest first. */
export function Changes({
  events,
  until,
}: {
  readonly events: readonly InspectorEvent[];
  readonly until: number | undefined;
}) {
  const changes = events
    .filter(isProviderChange)
    .filter(({ seq }) => seq <= (until ?? seq))
    .slice(-12)
    .reverse();
  if (changes.length === 0) return <p class="soft panel">No provider has changed in what is kept.</p>;
  return (
    <table class="plain">
      <thead>
        <tr>
          <th>Time</th>
          <th>Provider</th>
          <th>Change</th>
          <th>Event</th>
          <th>Request</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.seq}>
            <td class="number">{clock(change.at)}</td>
            <td>
              <a href={linkTo({ view: 'provider', id: change.provider.id })}>{change.provider.id}</a>
            </td>
            <td>
              <span class="change">
                <ChangeWords event={change} />
              </span>
            </td>
            <td class="mono">{eventWords(change.event ?? '')}</td>
            <td>
              {change.requestId === undefined ? (
                ''
              ) : (
                <a href={linkTo({ view: 'request', id: change.requestId })}>open</a>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** From where to where; of one model alone, what became of it. */
function ChangeWords({ event }: { readonly event: InspectorEvent }) {
  const { from, to = '', model } = event;
  if (model !== undefined) return <span>{modelWords(event)}</span>;
  if (from === to) return <StateBadge state={to} />;
  return (
    <>
      {from} → <StateBadge state={to} />
    </>
  );
}

/** `claude-x: cooling, rate limited`; empty where it is about the provider itself. */
export function modelWords({ model, provider, at }: InspectorEvent): string {
  if (model === undefined) return '';
  const found = provider?.models?.find((each) => each.model === model);
  if (found === undefined) return `${model}: well again`;
  const { coolingUntil = 0, failures, lastError } = found;
  const state = coolingUntil > at ? 'cooling' : failures === 1 ? '1 error' : `${failures} errors`;
  return `${model}: ${state}${lastError === undefined ? '' : `, ${lastError.kind.replaceAll('_', ' ')}`}`;
}
