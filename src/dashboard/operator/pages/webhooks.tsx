import { useState } from 'preact/hooks';
import { Action } from '../../shared/action-dialog.tsx';
import { Panel } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi } from '../api.ts';
import { PageHead } from '../parts/page-head.tsx';
import { PagedTable, usePages } from '../parts/paged-table.tsx';
import type { Delivery } from '../types.ts';

type Test = { delivered: boolean; status: number | null; error: string | null };

export function WebhooksPage() {
  const { post } = useApi();
  const [dead, setDead] = useState(false);
  const pages = usePages<Delivery>(dead ? 'webhooks?dead=true' : 'webhooks');
  return (
    <>
      <PageHead title="Webhooks" text="What was told to the endpoints of the config file, newest first.">
        <label class="check">
          <input type="checkbox" checked={dead} onChange={(event) => setDead(event.currentTarget.checked)} />
          Given up only
        </label>
        <Action<Test>
          label="Send a test"
          question="Send a test event?"
          field={{ label: 'Name of the endpoint in the config file', required: true }}
          run={(name) => post(`webhooks/${encodeURIComponent(name)}/test`)}
          result={({ delivered, status, error }) =>
            delivered ? <p>Delivered: it answered {status}.</p> : <p class="problem">Not delivered: {error}</p>
          }
          onDone={pages.refresh}
        >
          <p>One event of kind webhook.test, sent once, now.</p>
        </Action>
      </PageHead>
      <Panel title="Deliveries" flush>
        <PagedTable<Delivery>
          pages={pages}
          label="Deliveries"
          keyOf={({ delivery }) => delivery}
          empty={
            dead
              ? 'No delivery was given up.'
              : 'Nothing was told yet. Endpoints are named under webhooks in the config file.'
          }
          columns={[
            { title: 'Event', cell: ({ time }) => <Time at={time} /> },
            { title: 'Kind', cell: ({ kind, event }) => <code title={event}>{kind}</code> },
            { title: 'Endpoint', cell: ({ endpoint }) => endpoint },
            { title: 'State', cell: ({ state }) => <span class={`badge ${badgeOf(state)}`}>{state}</span> },
            { title: 'Tries', number: true, cell: ({ attempts }) => attempts },
            { title: 'Last answer', cell: ({ last_status, last_error }) => last_error ?? last_status ?? '–' },
            { title: 'Next try', minor: true, cell: ({ next_at }) => <Time at={next_at} /> },
            { title: 'Act', actions: true, cell: (delivery) => <Replay delivery={delivery} onDone={pages.refresh} /> },
          ]}
        />
      </Panel>
    </>
  );
}

function badgeOf(state: string): string {
  return state === 'delivered' ? 'good' : state === 'dead' ? 'bad' : 'warn';
}

function Replay({ delivery, onDone }: { delivery: Delivery; onDone(): void }) {
  const { post } = useApi();
  if (delivery.state === 'waiting') return null;
  return (
    <Action<{ queued: number }>
      label="Send again"
      about={`${delivery.kind} to ${delivery.endpoint}`}
      question="Send this event again?"
      run={() => post(`webhooks/${encodeURIComponent(delivery.delivery)}/replay`)}
      result={() => <p>It is sent anew, with the number it had.</p>}
      onDone={onDone}
    >
      <p>
        <code>{delivery.kind}</code> goes to {delivery.endpoint} once more. Whoever receives it knows it by its id.
      </p>
    </Action>
  );
}
