import { Badge, Container, Group, Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Fault } from "../../api/client";
import type { OfferQuery } from "../../api/customer/graphql";
import { locale } from "../../app/i18n";
import { OfferFault, Waiting } from "./OfferFault";

type Region = OfferQuery["regions"][number];

interface Props {
  regions: Region[] | undefined;
  fault: Fault | null;
  retry: () => void;
}

const PLACES: readonly Region[] = ["1", "2", "3", "4", "5"].map((code) => ({
  code,
  name: "Asia Pacific (SE)",
  residency: "EU",
  hasRoom: true,
  readySeconds: 10,
}));

const places = new Intl.DisplayNames(locale, { type: "region" });

/** The residency's name: a country, or the European Union. */
function where(residency: string): string {
  try {
    return places.of(residency) ?? residency;
  } catch {
    return residency;
  }
}

export function Regions({ regions, fault, retry }: Props) {
  const { t } = useTranslation("landing");
  return (
    <section id="regions" className="landing-section" aria-labelledby="regions-title">
      <Container size="lg">
        <h2 id="regions-title">{t("regions.title")}</h2>
        <p className="landing-intro">{t("regions.lead")}</p>
        {fault ? (
          <OfferFault title={t("regions.failed")} fault={fault} retry={retry} />
        ) : (
          <>
            {regions ? null : <Waiting label={t("regions.loading")} />}
            <ul className="landing-grid landing-three" aria-hidden={regions ? undefined : true}>
              {(regions ?? PLACES).map((region) => (
                <li key={region.code} className="landing-region">
                  <Skeleton visible={!regions}>
                    <Group gap="sm" align="baseline">
                      <h3>{region.name}</h3>
                      {region.hasRoom ? null : <Badge color="gray">{t("regions.full")}</Badge>}
                    </Group>
                    <p>{t("regions.stays", { where: where(region.residency) })}</p>
                    {region.readySeconds === null ? null : (
                      <p>{t("regions.ready", { count: Math.max(1, region.readySeconds) })}</p>
                    )}
                  </Skeleton>
                </li>
              ))}
            </ul>
          </>
        )}
      </Container>
    </section>
  );
}
