import { useAnswer } from '../shared/use-answer.ts';
import { readCatalog } from './gateway.ts';

/** What is sold here, and for how much. */
export function Prices() {
  const { value, problem } = useAnswer('catalog', readCatalog);
  return (
    <section aria-labelledby="prices">
      <h2 id="prices">Price list</h2>
      <p class="soft" role="status">
        {problem ?? (value ? '' : 'Loading…')}
      </p>
      {value?.apis.map((api) => (
        <div key={api.name} class="panel table">
          <div class="caption">
            <h3>{api.name}</h3>
            <span class="code soft">{api.url}</span>
          </div>
          <div class="scroll">
            <table aria-label={`Prices of ${api.name}`}>
              <thead>
                <tr>
                  <th scope="col">Call</th>
                  <th scope="col" class="wide-only">
                    What it does
                  </th>
                  <th scope="col" class="number">
                    {value.currency}
                  </th>
                </tr>
              </thead>
              <tbody>
                {api.routes.map((route) => (
                  <tr key={`${route.method} ${route.path}`}>
                    <td class="code">
                      <span class="method">{route.method}</span> {route.path}
                    </td>
                    <td class="soft wide-only">
                      {route.description ?? (route.path.endsWith('/*') ? 'Everything else' : '')}
                    </td>
                    <td class="number">
                      {route.price === '0' ? 'free' : route.price}
                      {route.websocket && ` per ${route.websocket.per}`}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      ))}
      {value?.apis.length === 0 && <p class="empty">Nothing is sold here yet.</p>}
    </section>
  );
}
