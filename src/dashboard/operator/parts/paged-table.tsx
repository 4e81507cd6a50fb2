import { useState } from 'preact/hooks';
import { DataTable, type DataTableProps } from '../../shared/data-table.tsx';
import { Stale, Waiting } from '../../shared/panel.tsx';
import type { Loaded } from '../../shared/use-answer.ts';
import { useGet } from '../api.ts';
import type { Page } from '../types.ts';

/** A list of the API, page by page: the cursors of the pages before are kept, so that one can go back. */
export type Paged<Row> = Loaded<Page<Row>> & {
  previous: (() => void) | undefined;
  next: (() => void) | undefined;
};

const pageRows = 25;

export function usePages<Row>(path: string, everyMs?: number): Paged<Row> {
  const [{ of, cursors }, setState] = useState<{ of: string; cursors: string[] }>({ of: path, cursors: [] });
  // Another list begins at its first page.
  const current = of === path ? cursors : [];
  const cursor = current.at(-1);
  const query = `limit=${pageRows}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
  const loaded = useGet<Page<Row>>(`${path}${path.includes('?') ? '&' : '?'}${query}`, everyMs);
  const after = loaded.value?.next ?? null;
  return {
    ...loaded,
    previous: current.length > 0 ? () => setState({ of: path, cursors: current.slice(0, -1) }) : undefined,
    next: after === null ? undefined : () => setState({ of: path, cursors: [...current, after] }),
  };
}

export type PagedTableProps<Row> = Omit<DataTableProps<Row>, 'rows'> & { pages: Paged<Row> };

export function PagedTable<Row>({ pages, ...table }: PagedTableProps<Row>) {
  const { value, problem, previous, next } = pages;
  if (!value) return <Waiting problem={problem} />;
  return (
    <>
      <Stale problem={problem} />
      <DataTable {...table} rows={value.items} />
      {(previous || next) && (
        <div class="pager">
          <button type="button" disabled={!previous} onClick={previous}>
            Previous<span class="hidden"> page of {table.label}</span>
          </button>
          <button type="button" disabled={!next} onClick={next}>
            Next<span class="hidden"> page of {table.label}</span>
          </button>
        </div>
      )}
    </>
  );
}
