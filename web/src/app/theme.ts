import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Teal, dark enough at 7 for white text (5.5:1) and light enough at 4 for dark pages. */
const brand: MantineColorsTuple = [
  "#ecfdf9",
  "#d3f8ef",
  "#a8f0e0",
  "#74e2ce",
  "#43cdb8",
  "#24b09d",
  "#158e80",
  "#0f766e",
  "#115e58",
  "#134e4a",
];

export const theme = createTheme({
  primaryColor: "brand",
  colors: { brand },
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace',
  defaultRadius: "md",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.75rem", lineHeight: "1.25" } } },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Anchor: { defaultProps: { underline: "always" } },
    Badge: { defaultProps: { variant: "light", radius: "sm" } },
    // A dialog's head is no second banner of the page.
    Modal: { defaultProps: { centered: true, attributes: { header: { role: "none" } } } },
    Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: false } } },
    Table: { defaultProps: { verticalSpacing: "sm" } },
  },
});

/** Text colours with a contrast of at least 4.5:1 on the page and on cards (WCAG 2.2, 1.4.3). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#56606b",
    "--mantine-color-placeholder": "#6b7480",
    "--mantine-color-error": "#c92a2a",
    "--mantine-color-anchor": "#0f766e",
    "--mantine-color-body": "#fbfcfc",
    "--mantine-color-brand-light-color": "#115e58",
    "--mantine-color-red-light-color": "#a61e1e",
    "--mantine-color-green-light-color": "#216e39",
    "--mantine-color-yellow-light-color": "#7a4a00",
    "--mantine-color-blue-light-color": "#1456a3",
    "--mantine-color-gray-light-color": "#495057",
    "--tenantry-surface": "#ffffff",
    "--tenantry-notice": "#fff3bf",
    "--tenantry-border": "#dfe5e5",
  },
  dark: {
    "--mantine-color-dimmed": "#a5adb8",
    "--mantine-color-placeholder": "#9aa3ae",
    "--mantine-color-error": "#ff8787",
    "--mantine-color-anchor": "#74e2ce",
    "--mantine-color-body": "#14181a",
    "--mantine-color-brand-light-color": "#a8f0e0",
    "--mantine-color-red-light-color": "#ffc9c9",
    "--mantine-color-green-light-color": "#b2f2bb",
    "--mantine-color-yellow-light-color": "#ffec99",
    "--mantine-color-blue-light-color": "#a5d8ff",
    "--mantine-color-gray-light-color": "#ced4da",
    "--tenantry-surface": "#1b2023",
    "--tenantry-notice": "#4d3600",
    "--tenantry-border": "#333b3f",
  },
});
