import type { ComponentChildren } from 'preact';

/** A labelled table. On a narrow screen each row becomes a card whose cells carry the column's title. */
export type Column<Row> = {
  title: string;
  cell(row: Row): ComponentChildren;
  /** Right-aligned, for amounts and counts. */
  number?: boolean;
  /** Left out on a narrow screen. */
  minor?: boolean;
  /** Buttons: the title is for screen readers only. */
  actions?: boolean;
};

export type DataTableProps<Row> = {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf(row: Row): string;
  /** Shown instead of an empty table. */
  empty: ComponentChildren;
};

export function DataTable<Row>({ label, columns, rows, keyOf, empty }: DataTableProps<Row>) {
  if (rows.length === 0) return <div class="empty">{empty}</div>;
  const classOf = ({ number, actions, minor }: Column<Row>) =>
    [number && 'number', actions && 'actions', minor && 'minor'].filter(Boolean).join(' ') || undefined;
  return (
    <table class="data" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" class={classOf(column)}>
              {column.actions ? <span class="hidden">{column.title}</span> : column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.title} class={classOf(column)} data-title={column.actions ? undefined : column.title}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
