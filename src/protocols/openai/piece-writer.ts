import type { BlockWriter } from './block-writer.ts';
import { ReasoningDetails } from './reasoning-details.ts';
import type { Piece } from './think-tags.ts';

/** Writes texts and thoughts in their order, each kind into a block of its own. */
export class PieceWriter {
  readonly details = new ReasoningDetails();
  readonly #writer: BlockWriter;
  /** Blank text that is only written if more text follows: models put line breaks before a call. */
  #blank = '';

  constructor(writer: BlockWriter) {
    this.#writer = writer;
  }

  write({ kind, text }: Piece): void {
    if (text === '') return;
    if (kind === 'thinking') {
      this.#blank = '';
      // Details that wait are those of the thinking that begins.
      if (this.#writer.open !== 'thinking') this.#writer.close([]);
      this.#writer.thinking(text);
    } else if (this.#writer.open === 'text') this.#writer.text(text);
    else if (text.trim() === '') this.#blank += text;
    else {
      const whole = this.#blank + text;
      this.leave();
      this.#writer.text(whole);
    }
  }

  /** Closes what is open, so that another block may begin. */
  leave(): void {
    this.#blank = '';
    if (this.#writer.open === 'thinking') this.#writer.close(this.details.take());
    else this.#writer.close([]);
    if (!this.details.isEmpty) this.#writer.redacted(this.details.take());
  }
}
