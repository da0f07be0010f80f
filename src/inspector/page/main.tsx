import { render } from 'preact';
import { App } from './app.tsx';
import { createStore } from './store.ts';
import { applyTheme, readTheme } from './theme.ts';

applyTheme(readTheme());
const store = createStore();
const root = document.getElementById('app');
if (root !== null) render(<App store={store} />, root);
store.start();
