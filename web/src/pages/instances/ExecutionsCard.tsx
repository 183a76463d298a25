import { Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useQuery } from "urql";
import { faultOf } from "../../api/client";
import { InstanceExecutionsDocument, type InstanceStateFragment } from "../../api/customer/graphql";
import { useTenantActivity } from "../../api/useLive";
import { useTenant } from "../../app/tenant";
import { ActionAlert } from "../../ui/ActionAlert";
import { Pager } from "../../ui/Pager";
import { usePages } from "../../ui/usePages";
import { ExecutionsTable } from "./ExecutionsTable";
import { FirstWorkflow } from "./FirstWorkflow";

const PAGE = 10;

/** The instance's last finished executions, new ones as they come. */
export function ExecutionsCard({ instance, ready }: { instance: InstanceStateFragment; ready: boolean }) {
  const { t } = useTranslation("instances");
  const tenant = useTenant();
  const pages = usePages(instance.id);
  const variables = { tenantId: tenant.id, id: instance.id, first: PAGE, after: pages.after };
  const [{ data, error }, ask] = useQuery({ query: InstanceExecutionsDocument, variables });
  useTenantActivity(tenant.id, (activity) => {
    if (activity.usage) ask({ requestPolicy: "network-only" });
  });
  const list = data?.tenant.instance.executions;
  return (
    <Paper className="surface" p="lg">
      <Title order={2} size="h4" mb="sm">
        {t("executions.title")}
      </Title>
      {list ? (
        list.nodes.length > 0 || pages.page > 1 ? (
          <>
            <ExecutionsTable
              executions={list.nodes}
              openUrl={ready && tenant.may("instance:open") ? instance.openUrl : null}
            />
            <Pager
              page={pages.page}
              hasNext={list.pageInfo.hasNextPage}
              onPrevious={pages.previous}
              onNext={() => pages.next(list.pageInfo.endCursor)}
            />
            <Text size="sm" c="dimmed" mt="sm">
              {t("executions.note")}
            </Text>
          </>
        ) : ready ? (
          <FirstWorkflow url={instance.url} />
        ) : (
          <Text c="dimmed">{t("executions.none")}</Text>
        )
      ) : error ? (
        <ActionAlert fault={faultOf(error)} />
      ) : (
        <Stack gap="sm">
          {["a", "b", "c", "d"].map((key) => (
            <Skeleton key={key} h={36} />
          ))}
        </Stack>
      )}
    </Paper>
  );
}
