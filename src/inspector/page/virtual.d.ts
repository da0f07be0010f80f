declare module 'virtual:charts' {
  export const charts: Readonly<Record<string, import('../charts/chart-layout.ts').ChartLayout>>;
}
