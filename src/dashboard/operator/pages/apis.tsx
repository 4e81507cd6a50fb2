import { Action } from '../../shared/action-dialog.tsx';
import { DataTable } from '../../shared/data-table.tsx';
import { Panel, Stale, Waiting } from '../../shared/panel.tsx';
import { Time } from '../../shared/time.tsx';
import { useApi, useGet } from '../api.ts';
import { PayeeLink } from '../links.tsx';
import { type Fact, Facts } from '../parts/facts.tsx';
import { PageHead } from '../parts/page-head.tsx';
import type { SoldApi } from '../types.ts';

/** The catalog in force: it changes with the YAML file, a pause with a click. */
export function ApisPage() {
  const { value, problem, refresh } = useGet<{ items: SoldApi[] }>('apis', 10_000);
  return (
    <>
      <PageHead title="APIs" text="The catalog in force. Prices change in the config file; a pause binds at once." />
      <Stale problem={value && problem} />
      {!value && <Waiting problem={problem} />}
      <div class="stack">
        {value?.items.map((api) => (
          <Panel key={api.name} title={api.name} flush aside={<State api={api} onDone={refresh} />}>
            <About api={api} />
            <DataTable<SoldApi['prices'][number]>
              label={`Prices of ${api.name}`}
              rows={api.prices}
              keyOf={({ method, path }) => `${method} ${path}`}
              empty="This API is not in the catalog now."
              columns={[
                {
                  title: 'Call',
                  cell: ({ method, path }) => (
                    <code class="break">
                      {method} {path}
                    </code>
                  ),
                },
                { title: 'Token', cell: ({ auth }) => (auth === 'none' ? 'not wanted' : 'wanted') },
                { title: 'Price, USDC', number: true, cell: ({ price }) => price },
                { title: 'Per', cell: ({ per }) => per },
              ]}
            />
          </Panel>
        ))}
      </div>
    </>
  );
}

function About({ api }: { api: SoldApi }) {
  const paused = api.paused_at !== null && (
    <>
      <Time at={api.paused_at} />
      {api.pause_reason ? `: ${api.pause_reason}` : ''}
    </>
  );
  const facts: Fact[] = [
    ['Mounted at', <code key="mount">{api.mount ?? '–'}</code>],
    ['Payee', api.payee === null ? '–' : <PayeeLink key="payee" payee={api.payee} />],
    [
      'Upstream',
      <code key="upstream" class="break">
        {api.upstream ?? '–'}
      </code>,
      'wide',
    ],
  ];
  for (const { url, reason } of api.upstreams_down) facts.push(['Gets no calls', `${url} ${reason}`, 'wide']);
  return <Facts inset facts={paused ? [...facts, ['Paused', paused, 'wide']] : facts} />;
}

function State({ api, onDone }: { api: SoldApi; onDone(): void }) {
  const { post } = useApi();
  const path = `apis/${encodeURIComponent(api.name)}`;
  if (api.paused_at !== null) {
    return (
      <span class="row">
        <span class="badge bad">paused</span>
        <Action<{ outcome: string }>
          label="Resume"
          about={api.name}
          primary
          question={`Sell ${api.name} again?`}
          run={() => post(`${path}/resume`)}
          result={() => <p>Its calls are served again.</p>}
          onDone={onDone}
        />
      </span>
    );
  }
  return (
    <span class="row">
      <span class="badge good">on sale</span>
      <Action<{ outcome: string }>
        label="Pause"
        about={api.name}
        danger
        question={`Pause ${api.name}?`}
        field={{ label: 'Reason, for the audit (optional)' }}
        run={(reason) => post(`${path}/pause`, reason === '' ? {} : { reason })}
        result={() => <p>Every call to it is refused from now on. Running calls finish.</p>}
        onDone={onDone}
      >
        <p>Every call to it, free ones too, is refused until it is resumed, also after a restart.</p>
      </Action>
    </span>
  );
}
