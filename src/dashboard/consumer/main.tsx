import { render } from 'preact';
import { ask } from '../shared/http.ts';
import { ThemeButton } from '../shared/theme.tsx';
import { useAnswer } from '../shared/use-answer.ts';

type Catalog = {
  currency: string;
  apis: { name: string; url: string; routes: { method: string; path: string; price: string }[] }[];
};

/** What is sold here, and for how much. */
function PriceList() {
  const { value, problem } = useAnswer<Catalog>('catalog', (signal) => ask('../catalog', { signal }));
  return (
    <main class="page">
      <ThemeButton />
      <h1>Price list</h1>
      <p aria-live="polite">{problem ?? (value ? '' : 'Loading…')}</p>
      {value?.apis.map((api) => (
        <section key={api.name}>
          <h2>{api.name}</h2>
          <p class="code">{api.url}</p>
          <table aria-label={`Prices of ${api.name}`}>
            <thead>
              <tr>
                <th scope="col">Call</th>
                <th scope="col" class="number">
                  Price, {value.currency}
                </th>
              </tr>
            </thead>
            <tbody>
              {api.routes.map((route) => (
                <tr key={`${route.method} ${route.path}`}>
                  <td class="code">
                    {route.method} {route.path}
                  </td>
                  <td class="number">{route.price}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ))}
    </main>
  );
}

const page = document.getElementById('page');
if (page) render(<PriceList />, page);
