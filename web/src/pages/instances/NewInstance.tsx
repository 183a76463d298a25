import { Alert } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { InstanceAllowanceDocument, InstanceRegionsDocument } from "../../api/customer/graphql";
import { useTenant } from "../../app/tenant";
import { BackLink } from "../../ui/BackLink";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { NewInstanceForm } from "./NewInstanceForm";

/** Another instance in an organisation that is there: its plan is given. */
export function NewInstance() {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const variables = { tenantId: tenant.id, plan: tenant.may("subscription:view") };
  const [plan, askPlan] = useQuery({ query: InstanceAllowanceDocument, variables });
  const [regions, askRegions] = useQuery({ query: InstanceRegionsDocument });
  const error = (!plan.data && plan.error) || (!regions.data && regions.error);
  if (error) {
    const retry = () => {
      askPlan({ requestPolicy: "network-only" });
      askRegions({ requestPolicy: "network-only" });
    };
    return <FaultPanel fault={faultOf(error)} retry={retry} />;
  }
  const shown = plan.data?.tenant;
  return (
    <>
      <PageHeader
        title={t("new.title")}
        back={<BackLink to={`/t/${tenant.slug}`}>{t("page.back")}</BackLink>}
      />
      {tenant.may("instance:create") ? (
        <NewInstanceForm
          plan={shown?.subscription?.plan}
          allowance={shown?.allowances.instances}
          regions={regions.data?.regions}
        />
      ) : (
        <Alert color="yellow" title={t("new.noRight")}>
          {t("new.noRightRemedy")}
        </Alert>
      )}
    </>
  );
}
