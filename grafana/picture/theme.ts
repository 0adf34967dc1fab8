/** Colours for a page that is dark, and for one that is light: as Grafana has them. */
export interface Theme {
  readonly canvas: string;
  readonly panel: string;
  readonly border: string;
  readonly text: string;
  /** Of axes and legends. */
  readonly faint: string;
  readonly grid: string;
  /** Of lines, in their order. */
  readonly lines: readonly string[];
  /** By the names that thresholds use. */
  readonly named: Readonly<Record<string, string>>;
}

export const THEMES = {
  dark: {
    canvas: '#111217',
    panel: '#181b1f',
    border: '#2a2d34',
    text: '#ccccdc',
    faint: '#9a9cab',
    grid: '#2a2d34',
    lines: ['#73bf69', '#5794f2', '#f2cc0c', '#ff780a', '#f2495c', '#b877d9', '#3dc7c0', '#ca95e5'],
    named: { green: '#73bf69', orange: '#ff9830', red: '#f2495c', blue: '#5794f2' },
  },
  light: {
    canvas: '#f4f5f5',
    panel: '#ffffff',
    border: '#dcdee1',
    text: '#24292e',
    faint: '#5c6470',
    grid: '#e6e8eb',
    lines: ['#37872d', '#1f60c4', '#cc9d00', '#e05500', '#c4162a', '#8f3bb8', '#00827c', '#7c2ea3'],
    named: { green: '#37872d', orange: '#c25b00', red: '#c4162a', blue: '#1f60c4' },
  },
} as const satisfies Readonly<Record<string, Theme>>;
