import { Skeleton, Stack } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { ProvisioningDocument } from "../../api/customer/graphql";
import { useGivable } from "../../api/useGivable";
import { useLasting } from "../../api/useLasting";
import { useRoleChoices } from "../../api/useRoleChoices";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";
import { FaultPanel } from "../../ui/FaultPanel";
import { PageHeader } from "../../ui/PageHeader";
import { ConnectionCard } from "./ConnectionCard";
import { Groups } from "./Groups";
import { Tokens } from "./Tokens";
import { Users } from "./Users";

/** The organisation's directory: whether it is connected, its tokens, and whom and what it has sent. */
export function ProvisioningPage() {
  const { t } = useTranslation("provisioning");
  const { may } = useTenant();
  return (
    <>
      <PageHeader title={t("title")} description={t("text")} />
      {may("provisioning:view") ? (
        <Parts />
      ) : (
        <EmptyState icon={IconLock} title={t("noRight.title")}>
          {t("noRight.text")} <span className="mono">provisioning:view</span>
        </EmptyState>
      )}
    </>
  );
}

function Parts() {
  const tenant = useTenant();
  const set = useLasting({ query: ProvisioningDocument, variables: { tenantId: tenant.id } });
  const manages = tenant.may("provisioning:manage") && tenant.may("member:manage");
  const own = useRoleChoices(tenant.id, manages && tenant.may("role:view"));
  const givable = useGivable(manages);
  const provisioning = set.data?.tenant.provisioning;
  if (!provisioning) {
    return set.fault ? <FaultPanel fault={set.fault} retry={set.again} /> : <Skeleton h={260} />;
  }
  const roles = { own, givable };
  return (
    <Stack gap="lg">
      <ConnectionCard provisioning={provisioning} manages={manages} roles={roles} onDone={set.again} />
      <Tokens manages={manages} />
      <Groups manages={manages} roles={roles} />
      <Users />
    </Stack>
  );
}
