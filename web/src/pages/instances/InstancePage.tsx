import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { useQuery } from "urql";
import { InstanceRegionsDocument } from "../../api/customer/graphql";
import { useTenantActivity } from "../../api/useLive";
import { useTenant } from "../../app/tenant";
import { FaultPanel } from "../../ui/FaultPanel";
import { Gone } from "./Gone";
import { InstanceLoading } from "./InstanceLoading";
import { InstanceView } from "./InstanceView";
import { stageOf } from "./life";
import { useClock } from "./useClock";
import { useInstance } from "./useInstance";

/** One instance: on its way, running, stopped, failed, or deleted. */
export function InstancePage() {
  const id = useParams().instance ?? "";
  // Another instance is another page: nothing of the last one is kept.
  return <Watched key={id} id={id} />;
}

function Watched({ id }: { id: string }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const { instance, measured, fault, again } = useInstance(tenant.id, id);
  const [regions] = useQuery({ query: InstanceRegionsDocument });
  const { now, correct } = useClock(1_000);
  useTenantActivity(tenant.id, (activity) => correct(activity.at));

  if (fault?.code === "NOT_FOUND" || (!instance && fault?.code === "INVALID")) {
    return <Gone name={instance?.name ?? null} />;
  }
  if (!instance) {
    return fault ? <FaultPanel fault={fault} retry={again} /> : <InstanceLoading title={t("page.loading")} />;
  }
  const stage = stageOf(instance, now);
  if (stage === "gone") return <Gone name={instance.name} />;
  const region = regions.data?.regions.find((r) => r.code === instance.region) ?? null;
  return <InstanceView instance={instance} measured={measured} stage={stage} region={region} now={now} />;
}
