import type { RequestDetail, ShownHeader } from '../../domain/inspection/inspection.ts';

/** What went to and fro beside the contents; those too, where they are kept. */
export function Headers({
  detail,
  captures,
}: {
  readonly detail: RequestDetail;
  readonly captures: boolean;
}) {
  return (
    <>
      <HeaderTable title="From the client" headers={detail.headers} />
      {detail.attempts.map((attempt) => (
        <section key={attempt.number}>
          <h2>
            Attempt {attempt.number} at {attempt.candidate.provider}
          </h2>
          {attempt.url !== undefined && <p class="mono wrap">POST {attempt.url}</p>}
          <div class="columns">
            {attempt.requestHeaders !== undefined && (
              <HeaderTable title="Sent" headers={attempt.requestHeaders} />
            )}
            {attempt.responseHeaders !== undefined && (
              <HeaderTable
                title={`Answered: HTTP ${attempt.status ?? ''}`}
                headers={attempt.responseHeaders}
              />
            )}
          </div>
          {attempt.errorBody !== undefined && (
            <>
              <h3>What it said</h3>
              <pre tabIndex={0}>{pretty(attempt.errorBody)}</pre>
            </>
          )}
        </section>
      ))}
      <Body title="Request" text={detail.body} captures={captures} />
      <Body title="Answer" text={detail.answer} captures={captures} />
    </>
  );
}

function HeaderTable({
  title,
  headers,
}: {
  readonly title: string;
  readonly headers: readonly ShownHeader[];
}) {
  return (
    <section>
      <h3>{title}</h3>
      <table class="plain headers">
        <tbody>
          {headers.map(([name, value], at) => (
            <tr key={at}>
              <th scope="row" class="mono">
                {name}
              </th>
              <td class={`mono wrap ${value === null ? 'soft' : ''}`}>{value ?? 'not shown'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Body({
  title,
  text,
  captures,
}: {
  readonly title: string;
  readonly text: string | undefined;
  readonly captures: boolean;
}) {
  if (text === undefined) {
    return captures ? null : (
      <p class="soft">
        {title}: its content is not kept. <code>settings.inspector.capture_bodies</code> would keep it.
      </p>
    );
  }
  return (
    <section>
      <h2>{title}</h2>
      <pre tabIndex={0}>{pretty(text)}</pre>
    </section>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
