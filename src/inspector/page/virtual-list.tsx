import { Component, type ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualListProps<Row> {
  readonly rows: readonly Row[];
  readonly rowHeight: number;
  readonly label: string;
  readonly head: ComponentChildren;
  readonly columns: string;
  readonly keyOf: (row: Row) => string | number;
  readonly cells: (row: Row) => ComponentChildren;
  readonly open: (row: Row) => void;
  /** What is drawn beyond the edge, rows. */
  readonly overscan?: number;
}

/** Height of the row of titles, which stays in sight. CSS px */
const HEAD_HEIGHT = 33;

/**
 * A table of any length of which only what is seen is drawn. One row is the selected one; arrows move it, Enter opens it.
 * A selected row stays the same one while others come in above it.
 */
export function VirtualList<Row>(props: VirtualListProps<Row>) {
  const { rows, rowHeight, label, head, columns, keyOf, cells, open, overscan = 6 } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [selected, setSelected] = useState<string | number>();

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  const index = selected === undefined ? -1 : rows.findIndex((row) => keyOf(row) === selected);
  const move = (to: number): void => {
    const at = Math.min(rows.length - 1, Math.max(0, to));
    const row = rows[at];
    const element = box.current;
    if (row === undefined || element === null) return;
    setSelected(keyOf(row));
    const [above, below] = [at * rowHeight, (at + 1) * rowHeight + HEAD_HEIGHT];
    if (above < element.scrollTop) element.scrollTop = above;
    else if (below > element.scrollTop + element.clientHeight)
      element.scrollTop = below - element.clientHeight;
  };
  const page = Math.max(1, Math.floor(height / rowHeight) - 1);
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: page,
      PageUp: -page,
    };
    const step = steps[event.key];
    const current = rows[index];
    if (step !== undefined) move(index + step);
    else if (event.key === 'Home') move(0);
    else if (event.key === 'End') move(rows.length - 1);
    else if (event.key === 'Enter' && current !== undefined) open(current);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => {
    // From anywhere on the page: down into the table.
    const enter = (event: KeyboardEvent): void => {
      if (event.target !== document.body && event.target !== document.getElementById('main')) return;
      if (event.key !== 'ArrowDown' && event.key !== 'j') return;
      box.current?.focus();
      press(event);
    };
    addEventListener('keydown', enter);
    return () => removeEventListener('keydown', enter);
  });

  const from = Math.max(0, Math.floor(top / rowHeight) - overscan);
  const to = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + overscan);
  const style = { gridTemplateColumns: columns };
  return (
    <div
      class="virtual"
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      ref={box}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={press}
    >
      <div class="virtual-head" role="rowgroup">
        <div class="virtual-row" role="row" aria-rowindex={1} style={style}>
          {head}
        </div>
      </div>
      <div class="virtual-body" role="rowgroup" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(from, to).map((row, at) => {
          const key = keyOf(row);
          return (
            <ListRow
              key={key}
              row={row}
              place={from + at}
              rowHeight={rowHeight}
              columns={columns}
              isSelected={key === selected}
              cells={cells as (row: unknown) => ComponentChildren}
              choose={() => {
                setSelected(key);
                open(row);
              }}
            />
          );
        })}
      </div>
    </div>
  );
}

interface ListRowProps {
  readonly row: unknown;
  readonly place: number;
  readonly rowHeight: number;
  readonly columns: string;
  readonly isSelected: boolean;
  readonly cells: (row: unknown) => ComponentChildren;
  readonly choose: () => void;
}

/** A row, drawn anew only when it is another one, or elsewhere: most are the same ones after a scroll. */
class ListRow extends Component<ListRowProps> {
  override shouldComponentUpdate({ row, place, isSelected }: ListRowProps): boolean {
    const { props } = this;
    return row !== props.row || place !== props.place || isSelected !== props.isSelected;
  }

  override render({ row, place, rowHeight, columns, isSelected, cells, choose }: ListRowProps) {
    const style = {
      gridTemplateColumns: columns,
      transform: `translateY(${place * rowHeight}px)`,
      height: `${rowHeight}px`,
    };
    return (
      <div
        class={`virtual-row ${isSelected ? 'selected' : ''}`}
        role="row"
        aria-rowindex={place + 2}
        aria-current={isSelected ? 'true' : undefined}
        style={style}
        onClick={choose}
      >
        {cells(row)}
      </div>
    );
  }
}

export function Cell({
  children,
  kind = '',
}: {
  readonly children?: ComponentChildren;
  readonly kind?: string;
}) {
  return (
    <div role="cell" class={`cell ${kind}`}>
      {children}
    </div>
  );
}

export function Head({
  children,
  kind = '',
}: {
  readonly children: ComponentChildren;
  readonly kind?: string;
}) {
  return (
    <div role="columnheader" class={`cell ${kind}`}>
      {children}
    </div>
  );
}
