/** Without a legible list of pages: one for so many bytes. */
const BYTES_A_PAGE = 50_000;
/** Providers take no more. */
const MOST_PAGES = 600;

/**
 * How many pages a PDF has: the largest count that its tree of pages states, or the number of its page objects.
 * Where both lie in compressed streams it is a guess by size.
 *
 * @param data base64
 */
export function pdfPages(data: string): number {
  const text = Buffer.from(data, 'base64').toString('latin1');
  let pages = 0;
  for (const [, count] of text.matchAll(/\/Type\s{0,9}\/Pages\b[^>]{0,400}?\/Count\s{1,9}(\d{1,6})/g)) {
    pages = Math.max(pages, Number(count));
  }
  if (pages === 0) pages = text.match(/\/Type\s{0,9}\/Page\b/g)?.length ?? 0;
  if (pages === 0) pages = Math.ceil(text.length / BYTES_A_PAGE);
  return Math.min(MOST_PAGES, Math.max(1, pages));
}
