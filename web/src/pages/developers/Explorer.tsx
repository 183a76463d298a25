import { useTranslation } from "react-i18next";
import { useTenant } from "../../app/tenant";
import { GraphQlExplorer } from "../../ui/GraphQlExplorer";
import { PageHeader } from "../../ui/PageHeader";

const STARTER = `# Ctrl-Enter runs this.
query Instances($tenant: ID!) {
  tenant(id: $tenant) {
    name
    viewerRights
    instances(first: 10) {
      nodes {
        name
        phase
        url
      }
    }
  }
}
`;

/** GraphiQL on the customer API, with the rights of whoever looks at it. */
export function Explorer() {
  const { t } = useTranslation("developers");
  const tenant = useTenant();
  return (
    <>
      <PageHeader title={t("explorer.title")} description={t("explorer.text")} />
      <GraphQlExplorer
        endpoint="/graphql"
        label={t("explorer.editor")}
        starter={STARTER}
        variables={JSON.stringify({ tenant: tenant.id }, null, 2)}
        keep={`tenantry-${tenant.id}`}
      />
    </>
  );
}
