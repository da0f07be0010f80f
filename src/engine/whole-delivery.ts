import { allowsMore, type Seat } from './seat.ts';
import { messageIn, playedBody, type WholeMessage } from './whole-message.ts';

/** The head of an answer that has come. */
export interface OpenedAnswer {
  readonly status: number;
  /** As one client gets them, for an answer in the form that it wants. */
  readonly headersFor: (seat: Seat) => readonly string[];
}

/**
 * Gives a whole answer to each of the `seats` in the form that it wants. `maxTokens`: that of the request that is
 * answered; for whom that was too short goes its own way.
 */
export function deliverWhole(
  seats: Iterable<Seat>,
  { status, headersFor }: OpenedAnswer,
  body: Buffer,
  maxTokens: number | undefined,
): void {
  let parsed: WholeMessage | undefined;
  const message = (): WholeMessage => {
    parsed ??= messageIn(body);
    return parsed;
  };
  for (const seat of seats) {
    const tooShort = allowsMore(seat.maxTokens, maxTokens) && message().stoppedAtLimit;
    if (tooShort) {
      seat.goOwnWay(false);
      continue;
    }
    seat.client.decided();
    seat.committed();
    if (!seat.stream) seat.client.commit(status, headersFor(seat), body);
    else {
      const side = seat.client.commit(status, headersFor(seat), undefined);
      side.chunk(playedBody(message(), body), true);
      side.end();
    }
    seat.ended('served');
  }
}
