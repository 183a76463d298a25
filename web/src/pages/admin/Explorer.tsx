import { useTranslation } from "react-i18next";
import { GraphQlExplorer } from "../../ui/GraphQlExplorer";
import { PageHeader } from "../../ui/PageHeader";

const STARTER = `# Ctrl-Enter runs this.
{
  fleet {
    tenants
    instances
    failed
    deadJobs
  }
}
`;

/** GraphiQL on the operators' API. */
export function Explorer() {
  const { t } = useTranslation("admin");
  return (
    <>
      <PageHeader title={t("explorer.title")} description={t("explorer.text")} />
      <GraphQlExplorer
        endpoint="/admin/graphql"
        label={t("explorer.editor")}
        starter={STARTER}
        keep="tenantry-admin"
      />
    </>
  );
}
