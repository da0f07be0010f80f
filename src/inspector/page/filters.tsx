import type { ComponentChildren } from 'preact';

interface FiltersProps {
  readonly placeholder: string;
  readonly text: string;
  readonly search: (text: string) => void;
  readonly children: ComponentChildren;
}

/** What stands above a table: its search field, and what else it can be narrowed by. */
export function Filters({ placeholder, text, search, children }: FiltersProps) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <span class="hidden">Search</span>
        <input
          type="search"
          data-search
          placeholder={placeholder}
          value={text}
          onInput={(event) => search(event.currentTarget.value)}
        />
      </label>
      {children}
    </form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  /** A value each, or a value and its words. */
  readonly options: readonly (string | readonly [value: string, words: string])[];
  readonly choose: (value: string) => void;
}

export function Choice({ name, value, options, choose }: ChoiceProps) {
  return (
    <label class="choice">
      <span class="hidden">{name}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{name}: all</option>
        {options.map((option) => {
          const [each, words] = typeof option === 'string' ? [option, option] : option;
          return (
            <option key={each} value={each}>
              {words}
            </option>
          );
        })}
      </select>
    </label>
  );
}
