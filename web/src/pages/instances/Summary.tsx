import { Box, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { OfferedPlanFragment } from "../../api/customer/graphql";
import { money, unitPrice } from "../../ui/format";
import type { RegionShown } from "./RegionCards";

/** What the button will do, and what it will cost. */
export function Summary({
  name,
  plan,
  region,
}: {
  name: string;
  plan: OfferedPlanFragment | undefined;
  region: RegionShown | undefined;
}) {
  const { t } = useTranslation("instances");
  if (!plan || !region) return <Box style={{ flex: 1, minHeight: "3rem" }} />;
  const paid = plan.basePriceMinor > 0;
  const price = money(plan.basePriceMinor, plan.currency);
  return (
    <Box style={{ flex: 1, minWidth: 220 }}>
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>
        {name.trim() ? `${name.trim()} · ` : null}
        {paid
          ? t("start.summaryPaid", { plan: plan.name, price, region: region.name })
          : t("start.summaryFree", { plan: plan.name, region: region.name })}
      </Text>
      <Text size="sm" c="dimmed">
        {paid && plan.extraExecutionPrice
          ? t("start.summaryBeyond", { price: unitPrice(plan.extraExecutionPrice, plan.currency) })
          : paid
            ? null
            : t("start.summaryNothing")}{" "}
        {region.readySeconds ? t("start.summaryReady", { count: region.readySeconds }) : null}
      </Text>
    </Box>
  );
}
