import { useState } from 'preact/hooks';
import { useAnswer } from '../shared/use-answer.ts';
import { Copy } from './copy.tsx';
import { focusOnce } from './focus.ts';
import { type Catalog, callOrigin, type Gateway, readCatalog, readService, type TokenWish } from './gateway.ts';
import { Problem } from './problem.tsx';
import { offeredLife, tokenLives } from './token-lives.ts';

/** The form for a token, then the token itself, which is shown this once. */
export function NewToken({ gateway, onIssued }: { gateway: Gateway; onIssued: () => void }) {
  const catalog = useAnswer('catalog', readCatalog);
  const service = useAnswer('service', readService);
  const [issued, setIssued] = useState<{ token: string; scope: string[] | undefined }>();
  async function issue(wish: TokenWish): Promise<string> {
    const answer = await gateway.issueToken(wish);
    if (!answer.ok) return answer.detail;
    setIssued({ token: answer.value.token, scope: wish.scope });
    onIssued();
    return '';
  }
  return (
    <section class="panel pad" aria-labelledby="new-token">
      <h2 id="new-token">New token</h2>
      {issued ? (
        <Issued
          issued={issued}
          catalog={catalog.value}
          origin={callOrigin(service.value, location.origin)}
          onDone={() => setIssued(undefined)}
        />
      ) : (
        <Form
          lifeMaxS={service.value?.tokens.ttl_max_s}
          names={catalog.value?.apis.map((api) => api.name) ?? []}
          issue={issue}
        />
      )}
    </section>
  );
}

function Form({
  lifeMaxS,
  names,
  issue,
}: {
  /** Undefined until the gateway has said it. */
  lifeMaxS: number | undefined;
  names: string[];
  issue: (wish: TokenWish) => Promise<string>;
}) {
  const [label, setLabel] = useState('');
  const [cap, setCap] = useState('1');
  const [wishedS, setWishedS] = useState(86_400);
  const [scope, setScope] = useState<string[]>();
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const lives = tokenLives(lifeMaxS ?? 86_400);
  const ttl = offeredLife(lives, wishedS);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    const wish: TokenWish = { ttl_s: ttl };
    if (label.trim()) wish.label = label.trim();
    if (cap.trim()) wish.cap = cap.trim();
    if (scope) wish.scope = scope;
    const refused = await issue(wish);
    setProblem(refused);
    setBusy(false);
  }

  return (
    <form onSubmit={(event) => void submit(event)} class="stack">
      <div class="fields">
        <label class="field">
          <span>Label</span>
          <input
            value={label}
            maxLength={64}
            placeholder="What it is for"
            onInput={(event) => setLabel(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Spend cap, USDC</span>
          <input
            value={cap}
            inputMode="decimal"
            placeholder="no cap"
            onInput={(event) => setCap(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Life</span>
          <select value={ttl} onChange={(event) => setWishedS(Number(event.currentTarget.value))}>
            {lives.map(({ seconds, name }) => (
              <option key={seconds} value={seconds}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {!cap.trim() && <p class="note warn">Without a cap, whoever has the token can spend the whole balance.</p>}
      <ScopeChoice names={names} chosen={scope} onChange={setScope} />
      <Problem text={problem} />
      <div>
        <button type="submit" class="primary" disabled={busy}>
          Issue token
        </button>
      </div>
    </form>
  );
}

/** Undefined stands for every API, also a later one. */
function ScopeChoice({
  names,
  chosen,
  onChange,
}: {
  names: string[];
  chosen: string[] | undefined;
  onChange: (chosen: string[] | undefined) => void;
}) {
  const toggled = (name: string, on: boolean) =>
    onChange(on ? [...(chosen ?? []), name] : chosen?.filter((each) => each !== name));
  return (
    <fieldset>
      <legend>APIs it may call</legend>
      <label class="check">
        <input type="radio" name="scope" checked={!chosen} onChange={() => onChange(undefined)} /> All, later ones too
      </label>
      <label class="check">
        <input type="radio" name="scope" checked={chosen !== undefined} onChange={() => onChange([])} /> Only these
      </label>
      {chosen &&
        names.map((name) => (
          <label key={name} class="check inner">
            <input
              type="checkbox"
              checked={chosen.includes(name)}
              onChange={(event) => toggled(name, event.currentTarget.checked)}
            />
            {name}
          </label>
        ))}
    </fieldset>
  );
}

function Issued({
  issued,
  catalog,
  origin,
  onDone,
}: {
  issued: { token: string; scope: string[] | undefined };
  catalog: Catalog | undefined;
  origin: string;
  onDone: () => void;
}) {
  return (
    <div class="stack" ref={focusOnce} tabIndex={-1}>
      <p class="note good" role="status">
        <strong>Copy it now.</strong> The token is shown this once; the gateway keeps only its id.
      </p>
      <div class="field">
        <span>Token</span>
        <Copy label="Token" text={issued.token} lines={4} />
      </div>
      <div class="field">
        <span>Try it in a terminal</span>
        <Copy label="Curl line" text={curlLine(issued, catalog, origin)} lines={4} />
      </div>
      <div>
        <button type="button" onClick={onDone}>
          I have it
        </button>
      </div>
    </div>
  );
}

/** The first route the token may call with a plain GET. */
function curlLine(
  { token, scope }: { token: string; scope: string[] | undefined },
  catalog: Catalog | undefined,
  origin: string,
): string {
  const api = catalog?.apis.find(({ name }) => !scope || scope.includes(name));
  const route = api?.routes.find(
    ({ method, auth, websocket }) => (method === 'GET' || method === 'ANY') && auth === 'token' && !websocket,
  );
  const path = (route?.path ?? '/').replace(/:[\w-]+/g, 'oslo').replace('*', '');
  return `curl -i '${origin}${path}' -H 'authorization: Bearer ${token}'`;
}
