import { createRequire } from 'node:module';
import type { ELK } from 'elkjs/lib/elk-api.js';
import { defineConfig, type Plugin } from 'vite';
import { balancerMachine } from './machines/balancer.ts';
import { providerMachine } from './machines/provider.ts';
import { requestMachine } from './machines/request.ts';
import { chartGraph } from './src/inspector/charts/chart-graph.ts';
import { chartLayout } from './src/inspector/charts/chart-layout.ts';

const NAME = 'virtual:charts';

/** The statecharts, laid out from their definitions while the page is built. */
function charts(): Plugin {
  return {
    name: 'charts',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    async load(id) {
      if (id !== `\0${NAME}`) return null;
      const Elk = createRequire(import.meta.url)('elkjs') as new () => ELK;
      const elk = new Elk();
      const machines = [providerMachine, requestMachine, balancerMachine];
      const layouts = await Promise.all(machines.map((machine) => chartLayout(chartGraph(machine), elk)));
      return `export const charts = ${JSON.stringify(Object.fromEntries(layouts.map((each) => [each.id, each])))};`;
    },
  };
}

/** The inspector's page: one script, one style, nothing from elsewhere. */
export default defineConfig({
  root: 'src/inspector/page',
  base: '/inspector/',
  plugins: [charts()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../../dist/inspector',
    emptyOutDir: true,
    modulePreload: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {
      // Laying the statecharts out takes its time; that is nothing to warn of.
      checks: { pluginTimings: false },
      output: {
        entryFileNames: 'assets/inspector-[hash].js',
        chunkFileNames: 'assets/part-[hash].js',
        // The form that asks for the key needs it before it may read the page, which has the other names.
        assetFileNames: (file) =>
          file.names.some((name) => name.endsWith('.css'))
            ? 'assets/inspector.css'
            : 'assets/[name]-[hash][extname]',
      },
    },
  },
});
