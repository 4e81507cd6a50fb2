import type { Light, LightState } from '../types.ts';

const words: Record<LightState, string> = { good: 'Good', warn: 'Watch', bad: 'Broken', unknown: 'Unknown' };
const signs: Record<LightState, string> = { good: '✓', warn: '!', bad: '✕', unknown: '?' };

/** Each promise with its sign, its word and what is known: never colour alone. */
export function Lights({ lights }: { lights: Light[] }) {
  return (
    <ul class="lights">
      {lights.map(({ name, state, text }) => (
        <li key={name} class={`light ${state}`}>
          <span class="sign" aria-hidden="true">
            {signs[state]}
          </span>
          <div>
            <p>
              <strong>{name}</strong> <span class="state">{words[state]}</span>
            </p>
            <p class="soft">{text}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}
