import { Radio, SimpleGrid, Skeleton, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { InstanceRegionsQuery } from "../../api/customer/graphql";
import { locale } from "../../app/i18n";
import { Choice } from "./Choice";

export type RegionShown = InstanceRegionsQuery["regions"][number];

interface Props {
  regions: readonly RegionShown[] | undefined;
  value: string | null;
  onChange: (code: string) => void;
  error?: string;
}

/** The regions, each with where the data stays and whether it takes instances now. */
export function RegionCards({ regions, value, onChange, error }: Props) {
  const { t } = useTranslation("instances");
  // A full region can be looked at by keyboard, so that its reason is heard, but not chosen.
  const choose = (code: string) => {
    if (regions?.find((region) => region.code === code)?.hasRoom) onChange(code);
  };
  return (
    <Radio.Group value={value} onChange={choose} error={error} aria-label={t("start.region")} name="region">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        {regions
          ? regions.map((region, index) => (
              <Choice
                key={region.code}
                value={region.code}
                checked={value === region.code}
                reachable={value ? value === region.code : index === 0}
                disabled={!region.hasRoom}
                title={
                  <>
                    <Text fw={600} c={region.hasRoom ? undefined : "dimmed"}>
                      {region.name}
                    </Text>
                    <Text size="xs" c="dimmed" className="mono">
                      {region.code}
                    </Text>
                  </>
                }
              >
                <Text size="sm" c="dimmed">
                  {t("region.residency", { place: placeOf(region.residency, t("region.eu")) })}
                </Text>
                {region.hasRoom ? null : <Text size="sm">{t("region.full")}</Text>}
              </Choice>
            ))
          : ["a", "b", "c", "d", "e"].map((key) => <Skeleton key={key} h={98} />)}
      </SimpleGrid>
    </Radio.Group>
  );
}

/** A country by its code, in words. */
function placeOf(residency: string, eu: string): string {
  if (residency === "EU") return eu;
  try {
    return new Intl.DisplayNames(locale, { type: "region" }).of(residency) ?? residency;
  } catch {
    return residency;
  }
}
