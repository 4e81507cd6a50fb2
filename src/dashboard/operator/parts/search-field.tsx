import { useState } from 'preact/hooks';

/** Searches when it is sent, not at each key: a list that jumps while one types is hard to read. */
export type SearchProps = { label: string; placeholder: string; value: string; onSearch(text: string): void };

export function SearchField({ label, placeholder, value, onSearch }: SearchProps) {
  const [text, setText] = useState(value);
  const search = (next: string) => {
    setText(next);
    onSearch(next.trim());
  };
  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(text.trim());
        }}
      >
        <label>
          <span class="hidden">{label}</span>
          <input
            type="search"
            value={text}
            placeholder={placeholder}
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Search</button>
        {value !== '' && (
          <button type="button" class="quiet" onClick={() => search('')}>
            Clear
          </button>
        )}
      </form>
    </search>
  );
}
