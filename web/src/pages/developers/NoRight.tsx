import { IconLock } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useTenant } from "../../app/tenant";
import { EmptyState } from "../../ui/EmptyState";

/** In the place of a list that the viewer may not see: which right it takes, and where that is explained. */
export function NoRight({ right }: { right: string }) {
  const { t } = useTranslation("developers");
  const { slug } = useTenant();
  return (
    <EmptyState
      icon={IconLock}
      title={t("noRight.title")}
      action={<Link to={`/t/${slug}/roles/explain?right=${right}`}>{t("noRight.why")}</Link>}
    >
      {t("noRight.text")} <span className="mono">{right}</span>
    </EmptyState>
  );
}
