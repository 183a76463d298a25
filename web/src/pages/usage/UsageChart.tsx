import { BarChart } from "@mantine/charts";
import "@mantine/charts/styles.css";
import { useComputedColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { number } from "../../ui/format";
import type { Bar } from "./bars";

/** At least 3:1 on the card and between the two that lie on each other. */
const COLOURS = {
  light: { billable: "#134e4a", other: "#8a929a", failed: "#d42a2a" },
  dark: { billable: "#74e2ce", other: "#6f777f", failed: "#ff8787" },
};

interface Props {
  bars: Bar[];
  /** Whether the bars follow each other in time; else they are named, and lie. */
  time: boolean;
  /** What is to be seen, for who can't. */
  label: string;
}

/** Executions as bars: billable ones and others on each other, failed ones beside them. */
export function UsageChart({ bars, time, label }: Props) {
  const { t } = useTranslation("usage");
  const colour = COLOURS[useComputedColorScheme("light")];
  const series = [
    { name: "billable", label: t("billable"), color: colour.billable, stackId: "all" },
    { name: "other", label: t("other"), color: colour.other, stackId: "all" },
    { name: "failed", label: t("failed"), color: colour.failed, stackId: "failed" },
  ];
  return (
    <div role="img" aria-label={label}>
      <BarChart
        h={time ? 280 : heightOf(bars.length)}
        data={bars}
        dataKey="label"
        series={series}
        orientation={time ? "horizontal" : "vertical"}
        gridAxis={time ? "x" : "y"}
        valueFormatter={number}
        maxBarWidth={36}
        withLegend
        legendProps={{ itemSorter: null }}
        accessibilityLayer={false}
        barChartProps={{ barGap: 1, barCategoryGap: bars.length > 60 ? 1 : "15%" }}
        xAxisProps={time ? { minTickGap: 16 } : { allowDecimals: false }}
        yAxisProps={time ? { allowDecimals: false, width: 56 } : { width: 150, tickFormatter: short }}
      />
    </div>
  );
}

function heightOf(bars: number): number {
  return 90 + 38 * bars;
}

/** A name that fits beside its bar, in two lines at the most. */
function short(name: string): string {
  const words = name.split(" ").map((word) => cut(word, 18));
  return cut(words.join(" "), 34);
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
