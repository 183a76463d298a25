import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { InstancePlansDocument, InstanceRegionsDocument } from "../../api/customer/graphql";
import { useViewer } from "../../app/session";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { StartForm } from "./StartForm";

/** From nothing to a running n8n on one page: an organisation and its first instance. */
export function Start() {
  const { t } = useTranslation("instances");
  const viewer = useViewer();
  const [plans, askPlans] = useQuery({ query: InstancePlansDocument });
  const [regions, askRegions] = useQuery({ query: InstanceRegionsDocument });
  // As it was at the beginning: the first organisation is made on this very page.
  const [first] = useState(viewer.memberships.length === 0);
  const error = (!plans.data && plans.error) || (!regions.data && regions.error);
  if (error) {
    const retry = () => {
      askPlans({ requestPolicy: "network-only" });
      askRegions({ requestPolicy: "network-only" });
    };
    return <FaultPanel fault={faultOf(error)} retry={retry} />;
  }
  return (
    <>
      <PageHeader
        title={first ? t("start.title") : t("start.titleMore")}
        description={first ? t("start.intro") : t("start.introMore")}
      />
      <StartForm plans={plans.data?.plans} regions={regions.data?.regions} />
    </>
  );
}
