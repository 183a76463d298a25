import { useTranslation } from "react-i18next";
import { BOOT } from "../../api/phases";

/** What an instance is, as an entry of a register: each line is one of the walls. */
export function Deed() {
  const { t } = useTranslation("landing");
  const rows = t("deed.rows", { returnObjects: true }) as { term: string; text: string }[];
  return (
    <figure className="landing-deed" aria-label={t("deed.caption")}>
      <div className="landing-deed-head">
        <span className="landing-deed-name">{t("deed.name")}</span>
        <span>{t("deed.example")}</span>
      </div>
      <dl>
        {rows.map((row) => (
          <div key={row.term}>
            <dt>{row.term}</dt>
            <dd>{row.text}</dd>
          </div>
        ))}
      </dl>
      <ol className="landing-steps" aria-label={t("deed.steps")}>
        {BOOT.map((phase) => (
          <li key={phase}>{t(`common:phase.${phase}`)}</li>
        ))}
      </ol>
    </figure>
  );
}
